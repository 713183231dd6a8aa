"""Adds rows to a data frame, and restores its column types and metadata after edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.errors import InputError
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.native import NativeFrame

if TYPE_CHECKING:
    import pyarrow as pa


def with_added_rows(native: NativeFrame, edits: Edits) -> NativeFrame:
    """The frame with its rows in the order of the output, and with empty added rows."""
    library = _library(native)
    if library == "pandas":
        return _pandas_with_added_rows(native, edits)
    if library == "pyarrow":
        return native.take(edits.rows_to_take())
    if library == "polars":
        import polars as pl

        order = pl.Series([row if row >= 0 else None for row in edits.order.tolist()], dtype=pl.UInt32)
        return native.select(pl.all().gather(order))
    raise InputError(f"Rows cannot be added to a {library} frame. Convert it to pandas, polars or pyarrow first.")


def _pandas_with_added_rows(native: NativeFrame, edits: Edits) -> NativeFrame:
    nullable = {
        name: _nullable(dtype)
        for name, dtype in native.dtypes.items()
        if getattr(dtype, "kind", "O") in "iub" and isinstance(dtype, np.dtype)
    }
    labels = np.where(edits.order >= 0, edits.order, len(native) + np.arange(len(edits.order)))
    wide = native.astype(nullable).reset_index(drop=True).reindex(labels).reset_index(drop=True)
    return _with_index(wide, native, edits)


def _with_index(wide: NativeFrame, native: NativeFrame, edits: Edits) -> NativeFrame:
    """The pandas frame `wide`, which has added rows, with a time index (or row numbers) like that of `native`."""
    import narwhals as nw

    pd = nw.dependencies.get_pandas()
    if edits.index is None:
        if native.index.equals(pd.RangeIndex(len(native))):
            return wide
        raise InputError("The index of the frame has no labels for added rows. Call `.reset_index()` on it first.")
    if type(native.index).__name__ not in ("DatetimeIndex", "PeriodIndex"):
        raise InputError(
            "Rows cannot be added to this index. Make it one of time stamps: pandas.to_datetime(df.index)."
        )
    stamps = pd.DatetimeIndex(edits.index, name=native.index.name)
    zone = getattr(native.index, "tz", None)
    stamps = stamps.tz_localize("UTC").tz_convert(zone) if zone is not None else stamps
    is_period = isinstance(native.index, pd.PeriodIndex)
    wide.index = stamps.to_period(native.index.freq) if is_period else stamps
    return wide


def _nullable(dtype: np.dtype[np.generic]) -> str:
    """Name of the pandas type for these integers or booleans that also allows missing cells."""
    return "boolean" if dtype.kind == "b" else dtype.name.replace("uint", "UInt").replace("int", "Int")


def restore_types(native: NativeFrame, before: NativeFrame) -> NativeFrame:
    """The edited frame with the column types and metadata that it had `before`, as far as its cells allow them."""
    library = _library(before)
    if library == "pandas":
        changed = {
            name: dtype
            for name, dtype in before.dtypes.items()
            if native[name].dtype != dtype and not native[name].isna().any() and dtype.kind != "O"
        }
        return native.astype(changed) if changed else native
    if library == "pyarrow":
        import pyarrow as pa

        columns = [_of_text_type(column, old.type) for column, old in zip(native.columns, before.schema, strict=True)]
        fields = [
            old if old.type == column.type else pa.field(old.name, column.type, metadata=old.metadata)
            for old, column in zip(before.schema, columns, strict=True)
        ]
        return pa.Table.from_arrays(columns, schema=pa.schema(fields, before.schema.metadata))
    return native


def restore_name_of_columns(native: NativeFrame, before: NativeFrame) -> NativeFrame:
    """The edited frame; the index of the columns of a pandas frame has the name that it had `before`."""
    if _library(before) == "pandas" and before.columns.nlevels == 1:
        native.columns.name = before.columns.name
    return native


def _of_text_type(column: pa.ChunkedArray, before: pa.DataType) -> pa.ChunkedArray:
    """The column with its type `before`, if it has become plain text and was text of another type."""
    import pyarrow as pa

    was_text = pa.types.is_large_string(before) or pa.types.is_string_view(before) or pa.types.is_dictionary(before)
    return column.cast(before) if pa.types.is_string(column.type) and was_text else column


def _library(native: NativeFrame) -> str:
    return type(native).__module__.partition(".")[0]
