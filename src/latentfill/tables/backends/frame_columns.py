"""Reads the columns of a data frame as numbers, times or texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import BoolArray, FloatArray, TimeArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.native import FrameColumn, TextArray

BIG = ("Int128", "UInt128")  # integers that NumPy has no type for


def read_column(column: FrameColumn, name: str) -> Column:
    """One column of a frame, read by its type."""
    import narwhals as nw

    dtype = column.dtype
    if dtype.is_integer():
        return Column.of_integers(name, *_integers(column))
    if dtype.is_numeric():
        return Column.of_numbers(name, _floats(column), single=dtype == nw.Float32)
    if dtype in (nw.Datetime, nw.Date):
        return Column.of_times(name, _times(column))
    if has_texts(column):
        return Column.of_texts(name, read_texts(column))
    if dtype in (nw.Categorical, nw.Enum):
        return Column(name, "category", texts=read_texts(column))
    if dtype == nw.Boolean:
        return Column(name, "boolean", texts=read_texts(column))
    return Column(name, "other")


def has_texts(column: FrameColumn) -> bool:
    """Whether the column is read as texts: text, objects, or only nulls without a type."""
    import narwhals as nw

    if column.dtype == nw.Unknown:
        return bool(column.is_null().all())
    return column.dtype in (nw.String, nw.Object)


def read_texts(column: FrameColumn) -> TextArray:
    """Every cell as text, null for empty cells."""
    import pyarrow as pa

    nulls = column.is_null().to_list()
    texts = (None if null else str(value) for value, null in zip(column.to_list(), nulls, strict=True))
    return pa.chunked_array([pa.array(list(texts), pa.string())])


def _integers(column: FrameColumn) -> tuple[NDArray[Any], BoolArray]:
    """Whole numbers of the type that they are stored in, and which are missing."""
    missing = np.array(column.is_null().to_list(), dtype=bool)
    whole = column.fill_null(0) if missing.any() else column
    return np.asarray(whole.to_numpy() if str(column.dtype) not in BIG else whole.to_list()), missing


def _floats(column: FrameColumn) -> FloatArray:
    import narwhals as nw

    if column.implementation.is_pyarrow():
        import pyarrow as pa
        import pyarrow.compute as pc

        return np.array(pc.cast(column.to_native(), pa.float64(), safe=False), dtype=np.float64)
    return np.array(column.cast(nw.Float64).to_numpy(), dtype=np.float64)


def _times(column: FrameColumn) -> TimeArray:
    """Times in UTC, NaT for empty cells."""
    import narwhals as nw

    if getattr(column.dtype, "time_zone", None):
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    try:
        return np.array(column.cast(nw.Datetime("ns")).to_numpy(), dtype="datetime64[ns]")
    except (ValueError, OverflowError) as error:  # of any library
        raise InputError(
            f"column {quoted(column.name)} holds times before 1678 or after 2261, which nanoseconds do not reach. "
            "Correct them, drop the column, or give it as text."
        ) from error


def cell_texts(column: FrameColumn) -> list[str]:
    """Every cell as text for a CSV file, "" for empty cells."""
    import narwhals as nw

    nulls = column.is_null().to_list()
    # NumPy scalars, because a float32 has a shorter text than the same number in double precision
    values = list(column.to_numpy()) if column.dtype == nw.Float32 else column.to_list()
    return [
        "" if null or value != value else str(value)  # a NaN differs from itself
        for value, null in zip(values, nulls, strict=True)
    ]
