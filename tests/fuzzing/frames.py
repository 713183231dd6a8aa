"""Data frames with columns of any type, described as JSON: library, and for each column its type and cells."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from fuzzing.outcomes import REFUSED, Target, outcome_of

LIBRARIES = ("pandas", "polars", "pyarrow", "mapping", "array", "lists")
TYPES = (
    *("int8", "uint8", "int64", "uint64", "Int64", "UInt8", "float16", "float32", "float64", "Float64", "bool"),
    *("boolean", "object", "string", "category", "datetime64[ns]", "datetime64[s]", "timedelta64[ns]", "complex128"),
    *("datetime64[ns, Europe/Berlin]", "int64[pyarrow]", "double[pyarrow]", "string[pyarrow]", "bool[pyarrow]"),
)
CELLS = (None, None, 0, 1, 2, -1, 0.5, 127, 255, 2**63 - 1, 2**64 - 1, -(2**63), 1e308, "x", "1", "NA", "", True, False)


def outcome(data: bytes) -> str:
    """What becomes of a frame that is described by these bytes; a description of no frame is refused."""
    import latentfill

    try:
        description = json.loads(data)
        made = _make(**description)
    except Exception:  # what the other library cannot make
        return REFUSED
    settings = {"strategy": "linear", "fill_text": bool(len(data) % 2)}
    return outcome_of(lambda: latentfill.impute(made, **(settings if description["library"] != "array" else {})))


def _make(library: str, columns: list[tuple[str, str, list[object]]], index: str) -> Any:
    """The frame, or what else is read as one."""
    import pandas as pd

    frame = pd.DataFrame({name: pd.Series(cells, dtype=kind) for name, kind, cells in columns})
    if index:
        frame.index = pd.date_range("2024-01-01", periods=len(frame), freq=index)
    if library == "polars":
        import polars as pl

        return pl.from_pandas(frame)
    if library == "pyarrow":
        import pyarrow as pa

        return pa.Table.from_pandas(frame)
    others = {"mapping": lambda: dict(frame.items()), "array": frame.to_numpy, "lists": lambda: frame.to_dict("list")}
    return others[library]() if library in others else frame


@st.composite
def descriptions(draw: st.DrawFn) -> bytes:
    """Descriptions of small frames, in most of which a column holds only cells of one type."""
    n_rows = draw(st.integers(0, 8))
    columns = []
    for name in draw(st.lists(st.sampled_from(["a", "b", "time", "", "\x1b", "a"]), min_size=1, max_size=3)):
        kind = draw(st.sampled_from(TYPES))
        pure = [cell for cell in CELLS if cell is None or type(cell) is draw(st.sampled_from([int, float, str, bool]))]
        cells = st.sampled_from(pure or CELLS) if draw(st.integers(0, 4)) else st.sampled_from(CELLS)
        columns.append((name, kind, draw(st.lists(cells, min_size=n_rows, max_size=n_rows))))
    index = draw(st.sampled_from(["", "", "h", "MS"]))
    return json.dumps({"library": draw(st.sampled_from(LIBRARIES)), "columns": columns, "index": index}).encode()


TARGETS = (Target("frames", outcome, descriptions()),)
