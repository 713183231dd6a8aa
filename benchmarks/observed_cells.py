"""Fills generated tables, as files and in containers of Python, and lists observed cells that did not survive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import latentfill
from latentfill.cli.main import app
from latentfill.core.config import AUTO
from latentfill.core.strategy_table import STRATEGIES
from many_tables import MadeTable

STRATEGY_NAMES: Final = (AUTO, *STRATEGIES)
FEW_STEPS: Final = {  # networks that learn next to nothing: what is tested does not depend on how good they are
    **{"length": 24, "stride": 8, "dim": 8, "layers": 1, "attention_heads": 2, "width": 8, "blocks": 2, "kernel": 5},
    **{"encoder_steps": 4, "encoder_batch": 8, "decoder_steps": 4, "decoder_batch": 8, "check_every": 2},
    **{"latent_steps": 2},
}


def changed_in_file(table: MadeTable, strategy: str, folder: Path) -> list[str]:
    """The changes of observed cells of a table that `latentfill impute` fills, text for text."""
    source, out = folder / "table.csv", folder / "filled.csv"
    source.write_bytes(table.encoded())
    settings = [part for name, value in settings_of(strategy).items() for part in ("--set", f"{name}={value}")]
    candidates = [] if strategy == AUTO else ["--candidates", strategy]
    app(
        ["impute", str(source), "-o", str(out), "-q", "--overwrite", *candidates, *settings, *table.flags],
        standalone_mode=False,
    )
    return list(_changed_texts(table, table.raw_cells(source.read_bytes()), table.raw_cells(out.read_bytes())))


def settings_of(strategy: str) -> dict[str, Any]:
    """Settings with which a strategy is fast; none for the default."""
    return {} if strategy == AUTO else dict(FEW_STEPS)


def _changed_texts(table: MadeTable, before: list[list[str]], after: list[list[str]]) -> Iterator[str]:
    if list(map(len, before)) != list(map(len, after)):
        yield f"rows of {list(map(len, before))} cells became rows of {list(map(len, after))}"
        return
    known = np.vstack([np.ones((1, table.known.shape[1]), bool), table.known])  # the names too
    for row, column in np.argwhere(known).tolist():
        if before[row][column] != after[row][column]:
            yield f"row {row}, column {column}: {before[row][column]!r} became {after[row][column]!r}"


# --- containers ---------------------------------------------------------------------------------------------


def of_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def of_polars(frame: pd.DataFrame) -> pl.DataFrame:
    return pl.from_arrow(of_arrow(frame))


def of_arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def of_mapping(frame: pd.DataFrame) -> dict[str, Any]:
    """Arrays by name, with None where a type of pandas has a marker of its own."""
    own = frame.select_dtypes(["Float64", "Int64", "boolean", "double[pyarrow]"]).columns
    return {
        name: frame[name].to_numpy(dtype=object, na_value=None) if name in own else frame[name].to_numpy()
        for name in frame.columns
    }


def of_array(frame: pd.DataFrame) -> np.ndarray:
    """Numbers alone; an array has no option that makes infinity a missing value."""
    numbers = frame.drop(columns=["words", "time"], errors="ignore").astype("Float64")
    array = numbers.to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isinf(array), np.nan, array)


CONTAINERS: Final[Mapping[str, Callable[[pd.DataFrame], Any]]] = {
    "pandas": of_pandas,
    "polars": of_polars,
    "pyarrow": of_arrow,
    "mapping": of_mapping,
    "array": of_array,
}


def changed_in_container(table: MadeTable, strategy: str, container: str) -> list[str]:
    """The changes of observed cells of a table that `latentfill.impute` fills, bit for bit."""
    data = CONTAINERS[container](table.frame)
    before = written(data)
    candidates = {} if strategy == AUTO else {"candidates": [strategy]}
    settings = {} if container == "array" else dict(table.settings)
    after = written(latentfill.impute(data, **candidates, **settings_of(strategy), **settings))
    if list(before) != list(after):
        return [f"columns {list(before)} became {list(after)}"]
    return [
        f"column {name!r}, {number}: {old} became {new}"
        for name in before
        for number, (old, new) in enumerate(zip(before[name], after[name], strict=True))
        if old not in MISSING and old != new
    ]


MISSING: Final = ("nan", "None", "<NA>", "NaT", "inf", "-inf")


def written(data: Any) -> dict[str, list[str]]:
    """The type of each column and its cells, so written that other bits are another text."""
    if isinstance(data, np.ndarray):
        return {str(i): [str(data.dtype), *map(repr, column.tolist())] for i, column in enumerate(data.T)}
    if isinstance(data, dict):
        return {
            name: [str(np.asarray(cells).dtype), *map(repr, np.asarray(cells).tolist())] for name, cells in data.items()
        }
    if isinstance(data, pa.Table):
        return {name: [str(data[name].type), *map(repr, data[name].to_pylist())] for name in data.column_names}
    return {name: [str(data[name].dtype), *map(repr, data[name].to_list())] for name in data.columns}
