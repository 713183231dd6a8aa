"""Rows added to a frame, and its column types and metadata restored afterwards."""

from __future__ import annotations

import numpy as np

from latentfill.core.errors import InputError
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.native import NativeFrame


def with_added_rows(native: NativeFrame, edits: Edits) -> NativeFrame:
    """The frame in the order of the output, its added rows empty."""
    library = _library(native)
    if library == "pandas":
        return _pandas_with_added_rows(native, edits)
    if library == "pyarrow":
        return native.take(edits.rows_to_take())
    if library == "polars":
        import polars as pl

        order = pl.Series([row if row >= 0 else None for row in edits.order.tolist()], dtype=pl.UInt32)
        return native.select(pl.all().gather(order))
    raise InputError(f"Rows cannot be added to a {library} frame. Turn it into pandas, polars or pyarrow first.")


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
    """The pandas frame `wide` under a time index like that of `native`, or under row numbers if it has these."""
    import narwhals as nw

    pd = nw.dependencies.get_pandas()
    if edits.index is None:
        if native.index.equals(pd.RangeIndex(len(native))):
            return wide
        raise InputError("The index of the frame has no labels for added rows. Call `.reset_index()` on it first.")
    stamps = pd.DatetimeIndex(edits.index, name=native.index.name)
    zone = getattr(native.index, "tz", None)
    stamps = stamps.tz_localize("UTC").tz_convert(zone) if zone is not None else stamps
    is_period = isinstance(native.index, pd.PeriodIndex)
    wide.index = stamps.to_period(native.index.freq) if is_period else stamps
    return wide


def _nullable(dtype: np.dtype[np.generic]) -> str:
    """The pandas type for the same numbers or booleans with missing cells."""
    return "boolean" if dtype.kind == "b" else dtype.name.replace("uint", "UInt").replace("int", "Int")


def restore_types(native: NativeFrame, before: NativeFrame) -> NativeFrame:
    """An edited frame with the column types and pyarrow metadata of the frame `before`, where its cells allow it."""
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

        fields = [
            old if old.type == new.type else new.with_metadata(old.metadata)
            for old, new in zip(before.schema, native.schema, strict=True)
        ]
        return pa.Table.from_arrays(native.columns, schema=pa.schema(fields, before.schema.metadata))
    return native


def _library(native: NativeFrame) -> str:
    return type(native).__module__.partition(".")[0]
