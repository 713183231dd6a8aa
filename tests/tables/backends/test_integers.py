"""Whole numbers that floats cannot hold: they come back as they were, and fills fit into the type of their column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.tables.backends.integers import whole_numbers

N = 40
GAP = np.arange(N) % 7 == 3
HOURS = pd.date_range("2024-01-01", periods=N, freq="h")
ENDS = {
    "int8": (127, -128),
    "uint8": (255, 0),
    "int16": (32767, -32768),
    "uint32": (2**32 - 1, 0),
    "int64": (2**63 - 1, -(2**63)),
    "uint64": (2**64 - 1, 0),
}
LIBRARIES: dict[str, Callable[[list[Any], str], Any]] = {
    "pandas": lambda cells, kind: pd.DataFrame(
        {"time": HOURS, "y": pd.array(cells, dtype=kind.replace("uint", "UInt").replace("int", "Int"))}
    ),
    "pandas of pyarrow": lambda cells, kind: pd.DataFrame(
        {"time": HOURS, "y": pd.array(cells, dtype=f"{kind}[pyarrow]")}
    ),
    "polars": lambda cells, kind: pl.DataFrame({"time": HOURS, "y": cells}).with_columns(
        pl.Series("y", cells, getattr(pl, kind.replace("uint", "UInt").replace("int", "Int")))
    ),
    "pyarrow": lambda cells, kind: pa.table({"time": HOURS, "y": pa.array(cells, kind)}),
}


def cells_of(column: Any) -> list[Any]:
    cells = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    return [None if cell is pd.NA else cell for cell in cells]


def where_known(after: Iterable[Any], before: Sequence[Any]) -> list[Any]:
    """The cells that were known before."""
    return [cell for cell, was in zip(after, before, strict=True) if was is not None]


def near(end: int) -> list[int | None]:
    """Numbers at the end of a type, with gaps."""
    inwards = -1 if end > 0 else 1
    return [None if gap else end + inwards * (step % 3) for step, gap in enumerate(GAP.tolist())]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("kind", ENDS)
@pytest.mark.parametrize("which", [0, 1])
def test_integers_at_the_end_of_their_type_stay_and_fills_fit(library: str, kind: str, which: int):
    before = near(ENDS[kind][which])
    frame = LIBRARIES[library](before, kind)
    filled = latentfill.impute(frame, strategy="linear", time="time")
    after = cells_of(filled["y"])
    assert where_known(after, before) == where_known(before, before)
    low, high = sorted(ENDS[kind])
    assert all(low <= cell <= high for cell in after)
    end = ENDS[kind][which]
    assert all(abs(cell - end) <= max(2, abs(end) * 2**-52) for cell in after)  # an estimate is a float
    assert str(getattr(filled["y"], "dtype", None) or filled["y"].type) == str(
        getattr(frame["y"], "dtype", None) or frame["y"].type
    )


@pytest.mark.parametrize("library", LIBRARIES)
def test_added_rows_keep_integers_and_truth_values(library: str):
    big = 2**63 - 1
    kept = [step for step in range(N) if step != 20]
    frame = pd.DataFrame({"time": HOURS, "y": np.arange(N) * 1.0, "big": [big - step for step in range(N)]})
    frame["flag"] = [step % 5 < 2 for step in range(N)]
    frame = frame.iloc[kept].reset_index(drop=True)
    given = {
        "pandas": lambda: frame,
        "pandas of pyarrow": lambda: frame.convert_dtypes(dtype_backend="pyarrow"),
        "polars": lambda: pl.from_pandas(frame),
        "pyarrow": lambda: pa.Table.from_pandas(frame, preserve_index=False),
    }[library]()
    filled = latentfill.impute(given, strategy="linear", grid=True, fill_text=True)
    big_cells, flags = cells_of(filled["big"]), cells_of(filled["flag"])
    assert [big_cells[step] for step in kept] == [big - step for step in kept]
    assert [flags[step] for step in kept] == [step % 5 < 2 for step in kept]
    assert isinstance(flags[20], bool)
    assert abs(big_cells[20] - big) < 2048


def test_a_file_keeps_large_integers_as_parquet_and_as_text(tmp_path: Path):
    before = {"i": near(2**63 - 1), "u": near(2**64 - 1), "d": [2**70 + step for step in range(N)]}
    rows = [",".join(["" if cell is None else str(cell) for cell in row]) for row in zip(*before.values(), strict=True)]
    stamped = [f"{stamp},{row}" for stamp, row in zip(HOURS, rows, strict=True)]
    (tmp_path / "in.csv").write_text("\n".join(["time,i,u,d", *stamped]))
    imputer = latentfill.Imputer(strategy="linear").fit(tmp_path / "in.csv")
    filled = imputer.fill(tmp_path / "in.csv")
    filled.write(tmp_path / "out.parquet")
    filled.write(tmp_path / "out.csv")
    table, text = pq.read_table(tmp_path / "out.parquet"), pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert [str(table[name].type) for name in before] == ["int64", "uint64", "decimal128(38, 0)"]
    for name, cells in before.items():
        known = where_known(cells, cells)
        assert where_known(table[name].to_pylist(), cells) == known
        assert where_known(text[name], cells) == [str(cell) for cell in known]
        assert None not in table[name].to_pylist()


def test_small_integers_of_a_text_file_are_floats_in_a_frame(tmp_path: Path):
    (tmp_path / "in.csv").write_text("\n".join(["time,y", *(f"{stamp},{n}" for n, stamp in enumerate(HOURS))]))
    assert str(latentfill.impute(tmp_path / "in.csv", strategy="linear")["y"].type) == "double"


def test_objects_are_filled_with_their_own_kind_of_numbers():
    whole = [None if gap else 2**70 + step for step, gap in enumerate(GAP.tolist())]
    decimal = [None if cell is None else Decimal(cell) / 100 for cell in whole]
    frame = pd.DataFrame({"time": HOURS, "i": pd.Series(whole, dtype=object), "d": pd.Series(decimal, dtype=object)})
    filled = latentfill.impute(frame, strategy="linear")
    assert {type(cell) for cell in filled["i"]} == {int}
    assert {type(cell) for cell in filled["d"]} == {Decimal}
    assert filled["i"][~GAP].tolist() == [cell for cell in whole if cell is not None]
    assert filled["d"][~GAP].tolist() == [cell for cell in decimal if cell is not None]


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_floats_of_any_width_keep_their_type_and_values(kind: str):
    values = np.where(GAP, np.nan, np.sin(np.arange(N) / 5)).astype(kind)
    filled = latentfill.impute(pd.DataFrame({"time": HOURS, "y": values}), strategy="linear")["y"].to_numpy()
    assert filled.dtype == kind
    np.testing.assert_array_equal(filled[~GAP], values[~GAP])
    assert not np.isnan(filled).any()


@pytest.mark.parametrize("kind", ["bool", "boolean", "bool[pyarrow]", "object", "text"])
def test_truth_values_stay_and_are_filled_with_truth_values_if_asked(kind: str, tmp_path: Path):
    cells = [None if gap and kind != "bool" else step % 5 < 2 for step, gap in enumerate(GAP.tolist())]
    known = where_known(cells, cells)
    dtype = "object" if kind == "text" else kind
    frame = pd.DataFrame({"time": HOURS, "y": np.where(GAP, np.nan, 1.0), "flag": pd.Series(cells, dtype=dtype)})
    data: Any = frame
    if kind == "text":
        data = tmp_path / "in.csv"
        frame.to_csv(data, index=False)
        known = [str(cell) for cell in known]
    for fill_text in (False, True):
        filled = cells_of(latentfill.impute(data, strategy="linear", fill_text=fill_text)["flag"])
        assert where_known(filled, cells) == known
        assert fill_text == all(cell in (True, False, "True", "False") for cell in filled) or kind == "bool"


def test_series_with_large_numbers_as_names_are_not_mixed_up():
    first = 2**53  # the next whole number is no float
    parts = [pd.DataFrame({"time": HOURS, "id": first + k, "y": np.where(GAP, np.nan, 100.0 * k)}) for k in (0, 1)]
    filled = latentfill.impute(pd.concat(parts, ignore_index=True), by="id", strategy="linear")
    assert filled["y"].tolist() == [0.0] * N + [100.0] * N


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "text", "index"])
def test_unix_times_in_nanoseconds_are_exact(library: str, tmp_path: Path):
    steps = [step for step in range(N) if step != 20]
    stamps = [1_704_067_200_001_000_000 + 1_000_000 * step for step in steps]  # milliseconds are lost in floats
    frame = pd.DataFrame({"time": stamps, "y": np.arange(len(steps)) * 1.0})
    if library == "index":
        table = latentfill.read_table(frame.set_index("time"))
        assert table.series.time is not None
        assert set(np.diff(table.series.time.astype(np.int64)).tolist()) == {1_000_000}
        return
    frame.to_csv(tmp_path / "in.csv", index=False)
    given = {"pandas": frame, "polars": pl.from_pandas(frame), "pyarrow": pa.Table.from_pandas(frame)}
    data = given.get(library, tmp_path / "in.csv")
    filled = cells_of(latentfill.impute(data, strategy="linear", grid=True)["time"])
    assert [int(stamp) for stamp in filled] == [stamps[0] + 1_000_000 * step for step in range(N)]


def test_arrays_whose_integers_are_no_floats_are_refused_where_they_would_become_floats():
    array = np.full((N, 2), 2**63 - 1)
    with pytest.raises(InputError, match="beyond 9007199254740992"):
        latentfill.Imputer(strategy="linear").fit_transform(array)
    assert latentfill.impute(array, strategy="linear").dtype == np.int64


def test_whole_numbers_are_rounded_and_stay_within_their_limits():
    assert whole_numbers(np.array([1.4, -7.0, 300.0, 2.0**63]), 0, 255) == [1, 0, 255, 255]
