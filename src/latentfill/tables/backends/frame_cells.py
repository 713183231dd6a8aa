"""Writes cells into a data frame and keeps the types of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.series import FloatArray, IntArray, TimeArray
from latentfill.tables.backends.edits import Extra, Fill, StampCells
from latentfill.tables.backends.integers import limits_of, whole_numbers
from latentfill.tables.backends.native import Frame, FrameColumn

if TYPE_CHECKING:
    from narwhals.dtypes import DType


def filled_column(column: FrameColumn, dtype: DType, fill: Fill) -> FrameColumn:
    """The column with its filled cells; `dtype` is the type of this column as it was read."""
    import narwhals as nw

    if dtype == nw.Unknown:  # the column has only nulls and so no type
        column = column.cast(nw.Float64)
    rows = np.flatnonzero(fill.cells)
    if fill.is_labels:
        return _with_labels(column, dtype, rows, fill.texts or ())
    if dtype in (nw.String, nw.Object):
        cells = _objects_like(column, fill)
        if dtype == nw.Object or column.implementation.is_pandas():
            return _with_objects(column, rows, cells)
        return column.scatter(rows.tolist(), cells)
    values = fill.values[fill.cells]
    if dtype.is_integer():
        whole = whole_numbers(values, *limits_of(dtype))
        return column.scatter(rows.tolist(), nw.new_series(column.name, whole, dtype, backend=column.implementation))
    new = _column_like(column, values, nw.Float64())
    return column.scatter(rows.tolist(), new.cast(column.dtype))


def _with_labels(column: FrameColumn, dtype: DType, rows: IntArray, labels: Sequence[str]) -> FrameColumn:
    """The column with labels in some rows, as texts, categories or booleans like the rest of it."""
    import narwhals as nw

    first = next(iter(column.drop_nulls().to_list()), None)
    cells = [label == "True" for label in labels] if isinstance(first, bool) else list(labels)
    if column.implementation.is_pandas():
        return _with_objects(column, rows, cells)
    if dtype in (nw.Categorical, nw.Enum):
        return column.cast(nw.String()).scatter(rows.tolist(), cells).cast(dtype)
    return column.scatter(rows.tolist(), cells)


def _objects_like(column: FrameColumn, fill: Fill) -> list[str] | list[Decimal] | list[int] | list[float]:
    """Filled cells as objects of the type that the column contains: text, Decimal or number."""
    known = column.drop_nulls().to_list()
    first = next(iter(known), None)
    if isinstance(first, str):
        return list(fill.texts or ())
    if isinstance(first, Decimal):
        return [Decimal(text) for text in fill.texts or ()]
    values: list[float] = fill.values[fill.cells].tolist()
    return list(map(round, values)) if all(type(each) is int for each in known) else values


def stamped_column(column: FrameColumn, dtype: DType, rows: IntArray, stamps: StampCells) -> FrameColumn:
    """The time column with new cells, written as times, numbers or texts like the rest of the column."""
    import narwhals as nw

    if dtype in (nw.Datetime, nw.Date):
        new = _column_like(column, np.asarray(stamps, dtype="datetime64[ns]"), nw.Datetime("ns"))
        zone = getattr(dtype, "time_zone", None)
        if zone:
            new = new.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        return column.scatter(rows.tolist(), new.cast(dtype))
    texts = [str(text) for text in stamps]
    if dtype.is_integer():
        numbers = [int(Decimal(text)) for text in texts]
        return column.scatter(rows.tolist(), nw.new_series(column.name, numbers, dtype, backend=column.implementation))
    if dtype.is_numeric():
        new = _column_like(column, np.array([float(text) for text in texts]), nw.Float64())
        return column.scatter(rows.tolist(), new.cast(column.dtype))
    if column.implementation.is_pandas():
        return _with_objects(column, rows, texts)
    new = _column_like(column, texts, nw.String())
    whole = column.cast(nw.String()).scatter(rows.tolist(), new)
    return whole.cast(dtype) if column.implementation.is_polars() and dtype in (nw.Categorical, nw.Enum) else whole


def _column_like(column: FrameColumn, values: FloatArray | TimeArray | list[str], dtype: DType) -> FrameColumn:
    """A column of `values` with the name and the library of `column`."""
    import narwhals as nw

    return nw.new_series(column.name, values, dtype, backend=column.implementation)


def _with_objects(column: FrameColumn, rows: IntArray, cells: Sequence[object]) -> FrameColumn:
    """The pandas column of objects with new cells, which narwhals cannot write."""
    import narwhals as nw

    native = column.to_native().copy()
    if hasattr(native, "cat"):
        native = native.cat.add_categories(sorted(set(cells) - set(native.cat.categories), key=str))
    native.iloc[rows] = list(cells)
    return nw.from_native(native, series_only=True)


def new_floats(frame: Frame, extra: Extra) -> FrameColumn:
    """A new column of floats for a frame, null for empty cells."""
    import narwhals as nw

    column = nw.new_series(extra.name, extra.values, nw.Float64(), backend=frame.implementation)
    if frame.implementation.is_pandas():  # pandas matches rows by their labels
        native = column.to_native()
        native.index = frame.to_native().index
        return nw.from_native(native, series_only=True)
    return nw.new_series(
        extra.name,
        [None if value != value else value for value in extra.values.tolist()],
        nw.Float64(),
        backend=frame.implementation,
    )
