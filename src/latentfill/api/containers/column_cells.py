"""Columns of any type, such as lists and tensors, as columns of pyarrow, and back into columns of their own type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from latentfill.api.containers.numbers import of_type, plain
from latentfill.core.errors import InputError
from latentfill.core.libraries import is_of
from latentfill.core.messages import quoted
from latentfill.core.series import BoolArray, IntArray
from latentfill.embeddings.stored.arrays import as_array

if TYPE_CHECKING:
    import pyarrow as pa


def as_column(name: str, cells: Any) -> pa.ChunkedArray:
    """Cells of any type as a column of pyarrow."""
    import pyarrow as pa

    if isinstance(cells, str | bytes | Mapping) or not hasattr(cells, "__len__") or getattr(cells, "ndim", 1) != 1:
        shape = f" of shape {tuple(cells.shape)}" if hasattr(cells, "shape") else ""
        raise InputError(
            f"{quoted(name)} holds a {type(cells).__name__}{shape}, and a mapping is read as one column for each name: "
            "give lists or arrays of one dimension, or an array (series, steps, columns) as 'X', as PyPOTS does."
        )
    try:
        column = pa.array(_for_arrow(cells))
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise InputError(
            f"column {quoted(name)} cannot be read: {error}. Give cells of one type, and None or NaN."
        ) from error
    column = column.cast(pa.float32()) if pa.types.is_float16(column.type) else column  # pyarrow compares no others
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def _for_arrow(cells: Any) -> Any:
    """The cells as something that pyarrow reads: its floats have 32 or 64 bits, and its times are not in hours."""
    if is_of(cells, "polars", "Series"):
        return cells.to_arrow()
    if is_of(cells, "torch", "Tensor"):
        cells = as_array(cells)
    if not isinstance(cells, np.ndarray):
        return cells
    if cells.dtype.kind == "M" and np.datetime_data(cells.dtype)[0] not in ("D", "s", "ms", "us", "ns"):
        return cells.astype("datetime64[s]")
    return plain(cells)


def with_new_cells(given: Any, before: pa.ChunkedArray, after: pa.ChunkedArray) -> Any:
    """A copy of a column in which only the cells are new that differ `before` and `after` filling."""
    changed = _changed(before, after)
    rows, cells = np.flatnonzero(changed), after.filter(changed)
    if is_of(given, "torch", "Tensor"):
        return given.new_tensor(_with_cells(as_array(given), rows, cells))
    if isinstance(given, np.ndarray):
        return _with_cells(given, rows, cells)
    if isinstance(given, list | tuple):
        objects = np.array([*given, None], dtype=object)[:-1]  # None, so that no cell is taken for a row of an array
        return type(given)(_with_cells(objects, rows, cells).tolist())
    if is_of(given, "pyarrow"):
        return after.combine_chunks() if is_of(given, "pyarrow", "Array") else after
    return _series_with_cells(given, rows, cells)


def _changed(before: pa.ChunkedArray, after: pa.ChunkedArray) -> BoolArray:
    """Where two columns differ; true where both are NaN too."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if before.equals(after):
        return np.zeros(len(before), dtype=bool)
    if pa.types.is_dictionary(before.type):
        before, after = before.cast(pa.string()), after.cast(pa.string())
    same = pc.fill_null(pc.equal(before, after), False)
    return np.asarray(pc.and_not(pc.is_valid(after), same), dtype=bool)


def _with_cells(given: Any, rows: IntArray, cells: pa.ChunkedArray) -> Any:
    new = given.copy()
    new[rows] = cells.to_pylist() if new.dtype.kind == "O" else of_type(cells.to_numpy(), new.dtype)
    return new


def _series_with_cells(given: Any, rows: IntArray, cells: pa.ChunkedArray) -> Any:
    """The same for a column of pandas or polars."""
    import narwhals as nw

    if not len(rows):
        return given
    is_half = given.dtype == np.float16  # in which pyarrow has no cells, and pandas takes none that it would round
    new = of_type(cells.to_numpy(), given.dtype) if is_half else cells.to_pylist()
    return nw.from_native(given, series_only=True).scatter(rows.tolist(), new).to_native()
