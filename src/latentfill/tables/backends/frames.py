"""Tables of pandas, polars and pyarrow: columns out, filled cells and added rows in, their types kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, IntArray, TimeArray
from latentfill.tables.backends import csv_text
from latentfill.tables.backends.column import Column, refuse_repeated
from latentfill.tables.backends.edits import Edits, Extra, Fill


@dataclass(frozen=True, slots=True, eq=False)
class FrameSource:
    """A pandas, polars or pyarrow table; Parquet files are read as pyarrow."""

    native: Any
    frame: Any  # the same behind narwhals

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(name).strip() for name in self.frame.columns)

    @property
    def n_rows(self) -> int:
        return int(self.frame.shape[0])

    @property
    def index(self) -> Column | None:
        """The time index of a pandas frame, None for any other."""
        index: Any = getattr(self.native, "index", None)
        if type(index).__name__ == "PeriodIndex":
            index = index.to_timestamp()
        if type(index).__name__ != "DatetimeIndex":
            return None
        index = index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index
        times = np.array(index.to_numpy(), dtype="datetime64[ns]")
        return Column(name=str(index.name or "index"), kind="time", times=times)

    def column(self, position: int) -> Column:
        import narwhals as nw

        series, name = self.frame[:, position], self.names[position]
        dtype = series.dtype
        if dtype.is_numeric():
            single = dtype == nw.Float32
            return Column(name=name, kind="number", numbers=_series_floats(series), single=single)
        if dtype in (nw.Datetime, nw.Date):
            return Column(name=name, kind="time", times=_series_times(series))
        if dtype in (nw.String, nw.Object) or _has_no_type(series):
            return Column(name=name, kind="text", texts=_series_texts(series))
        if dtype in (nw.Categorical, nw.Enum):
            return Column(name=name, kind="category", texts=_series_texts(series))
        return Column(name=name, kind="other")

    def to_frame(self, changes: Edits) -> Any:
        """A frame of the kind that was read, with the changes made."""
        import narwhals as nw

        base = self.native if not len(changes.added) else _with_added_rows(self.native, changes)
        frame = nw.from_native(base, eager_only=True)
        for position, fill in changes.fills.items():
            if fill.cells.any():
                frame = _scatter(frame, position, self.frame[:, position].dtype, fill)
        for position, stamps in changes.stamps.items():
            frame = _put_stamps(frame, position, self.frame[:, position].dtype, changes.added, stamps)
        whole = nw.from_native(_like_before(frame.to_native(), self.native), eager_only=True)
        if not changes.extras:
            return whole.to_native()
        new = [_new_floats(whole, extra) for extra in changes.extras]
        return whole.with_columns(*new).to_native()

    def to_csv(self, changes: Edits, delimiter: str = ",") -> bytes:
        """A new CSV file with plain texts; missing cells are empty."""
        import narwhals as nw

        native = self.to_frame(changes)
        if self.index is not None:
            native = native.reset_index(names=self.index.name)
        frame = nw.from_native(native, eager_only=True)
        columns = [_cell_texts(frame[:, at]) for at in range(frame.shape[1])]
        return csv_text.format_csv([str(name) for name in frame.columns], columns, delimiter)


def frame_source(native: Any) -> FrameSource:
    """Wrap a frame, refusing what is no table of columns in memory."""
    import narwhals as nw

    module = type(native).__module__.partition(".")[0]
    if module in ("pandas", "pyarrow"):  # the others have no repeated names
        names = getattr(native, "columns" if module == "pandas" else "column_names", ())
        refuse_repeated(map(str, names))
    frame = nw.from_native(native, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise InputError("The table is lazy and holds no values yet. Call `.collect()` on it first.")
    if not isinstance(frame, nw.DataFrame):
        raise InputError(
            f"A {type(native).__name__} is no table. Give a path to a CSV or Parquet file, or a pandas, "
            "polars or pyarrow data frame with named columns."
        )
    return FrameSource(native, frame)


# --- columns out --------------------------------------------------------------------------------------------


def _has_no_type(series: Any) -> bool:
    """Whether a column is all null and was given no type."""
    import narwhals as nw

    return bool(series.dtype == nw.Unknown and series.is_null().all())


def _series_floats(series: Any) -> FloatArray:
    import narwhals as nw

    if series.implementation.is_pyarrow():
        import pyarrow as pa
        import pyarrow.compute as pc

        return np.array(pc.cast(series.to_native(), pa.float64(), safe=False), dtype=np.float64)
    return np.array(series.cast(nw.Float64).to_numpy(), dtype=np.float64)


def _series_times(series: Any) -> TimeArray:
    import narwhals as nw

    if getattr(series.dtype, "time_zone", None):
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return np.array(series.cast(nw.Datetime("ns")).to_numpy(), dtype="datetime64[ns]")


def _series_texts(series: Any) -> Any:
    import pyarrow as pa

    nulls = series.is_null().to_list()
    texts = (None if null else str(value) for value, null in zip(series.to_list(), nulls, strict=True))
    return pa.chunked_array([pa.array(list(texts), pa.string())])


def _cell_texts(series: Any) -> list[str]:
    import narwhals as nw

    nulls = series.is_null().to_list()
    # as numpy scalars, because a float32 has a shorter text than the same number in double precision
    values = list(series.to_numpy()) if series.dtype == nw.Float32 else series.to_list()
    return [
        "" if null or value != value else str(value)  # a NaN differs from itself
        for value, null in zip(values, nulls, strict=True)
    ]


# --- cells in -----------------------------------------------------------------------------------------------


def _scatter(frame: Any, position: int, dtype: Any, fill: Fill) -> Any:
    """The frame with the filled cells of one column written, its type kept."""
    import narwhals as nw

    series = frame[:, position]
    if dtype == nw.Unknown:  # see _has_no_type: there is nothing in the column to keep
        series = series.cast(nw.Float64)
    rows, values = np.flatnonzero(fill.cells), fill.values[fill.cells]
    if dtype in (nw.String, nw.Object):
        new = _like_objects(series, fill)
        if dtype == nw.Object or series.implementation.is_pandas():
            return _scatter_objects(frame, position, rows, new)
        return frame.with_columns(series.scatter(rows.tolist(), new))
    if dtype.is_integer():
        values = np.rint(values)
        if dtype not in (nw.Int128, nw.UInt128):  # which hold any estimate
            limits = np.iinfo(str(dtype).lower())
            values = np.clip(values, limits.min, limits.max)
    new = _new_series(series, values, nw.Float64()).cast(series.dtype)
    return frame.with_columns(series.scatter(rows.tolist(), new))


def _new_floats(frame: Any, extra: Extra) -> Any:
    """A column of floats for a frame, null where it is empty."""
    import narwhals as nw

    series = nw.new_series(extra.name, extra.values, nw.Float64(), backend=frame.implementation)
    if frame.implementation.is_pandas():  # rows are matched by their labels
        native = series.to_native()
        native.index = frame.to_native().index
        return nw.from_native(native, series_only=True)
    return nw.new_series(
        extra.name,
        [None if value != value else value for value in extra.values.tolist()],
        nw.Float64(),
        backend=frame.implementation,
    )


def _new_series(like: Any, values: Any, dtype: Any) -> Any:
    import narwhals as nw

    return nw.new_series(like.name, values, dtype, backend=like.implementation)


def _like_objects(series: Any, fill: Fill) -> list[Any]:
    """Fills as objects of the type that the column holds: text, Decimal or number."""
    first = next((value for value in series.drop_nulls().to_list()), None)
    if isinstance(first, str):
        return list(fill.texts or ())
    if isinstance(first, Decimal):
        return [Decimal(text) for text in fill.texts or ()]
    return list(fill.values[fill.cells].tolist())


def _scatter_objects(frame: Any, position: int, rows: IntArray, new: list[Any]) -> Any:
    """Pandas only: narwhals has no way to write into columns of objects."""
    import narwhals as nw

    native = frame.to_native().copy(deep=False)
    column = native.iloc[:, position].copy()
    if hasattr(column, "cat"):
        column = column.cat.add_categories(sorted(set(new) - set(column.cat.categories)))
    column.iloc[rows] = new
    native[native.columns[position]] = column
    return nw.from_native(native, eager_only=True)


def _put_stamps(frame: Any, position: int, dtype: Any, rows: IntArray, stamps: Any) -> Any:
    import narwhals as nw

    series = frame[:, position]
    if dtype in (nw.Datetime, nw.Date):
        new = _new_series(series, np.asarray(stamps, dtype="datetime64[ns]"), nw.Datetime("ns"))
        zone = getattr(dtype, "time_zone", None)
        if zone:
            new = new.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        return frame.with_columns(series.scatter(rows.tolist(), new.cast(dtype)))
    if dtype.is_numeric():
        new = _new_series(series, np.array([float(text) for text in stamps]), nw.Float64())
        return frame.with_columns(series.scatter(rows.tolist(), new.cast(series.dtype)))
    if series.implementation.is_pandas():
        return _scatter_objects(frame, position, rows, list(stamps))
    new = _new_series(series, list(stamps), nw.String())
    return frame.with_columns(series.cast(nw.String()).scatter(rows.tolist(), new))


# --- rows in ------------------------------------------------------------------------------------------------


def _with_added_rows(native: Any, changes: Edits) -> Any:
    """The frame in the order of the output, added rows empty."""
    kind = type(native).__module__.partition(".")[0]
    if kind == "pandas":
        return _pandas_with_added_rows(native, changes)
    if kind == "pyarrow":
        return native.take(changes.rows_to_take())
    if kind == "polars":
        import polars as pl

        order = pl.Series([row if row >= 0 else None for row in changes.order.tolist()], dtype=pl.UInt32)
        return native.select(pl.all().gather(order))
    raise InputError(f"Rows cannot be added to a {kind} frame. Turn it into pandas, polars or pyarrow first.")


def _pandas_with_added_rows(native: Any, changes: Edits) -> Any:
    import narwhals as nw

    pd = nw.dependencies.get_pandas()
    whole = {
        name: _nullable(dtype)
        for name, dtype in native.dtypes.items()
        if getattr(dtype, "kind", "O") in "iub" and isinstance(dtype, np.dtype)
    }
    labels = np.where(changes.order >= 0, changes.order, len(native) + np.arange(len(changes.order)))
    wide = native.astype(whole).reset_index(drop=True).reindex(labels).reset_index(drop=True)
    if changes.index is not None:
        stamps = pd.DatetimeIndex(changes.index, name=native.index.name)
        zone = getattr(native.index, "tz", None)
        stamps = stamps.tz_localize("UTC").tz_convert(zone) if zone is not None else stamps
        wide.index = stamps
        if isinstance(native.index, pd.PeriodIndex):
            wide.index = stamps.to_period(native.index.freq)
    elif not native.index.equals(pd.RangeIndex(len(native))):
        raise InputError("The index of the frame has no labels for added rows. Call `.reset_index()` on it first.")
    return wide


def _nullable(dtype: np.dtype[Any]) -> str:
    return "boolean" if dtype.kind == "b" else dtype.name.replace("uint", "UInt").replace("int", "Int")


def _like_before(native: Any, before: Any) -> Any:
    """Give back what passing through narwhals or adding rows has changed: types, field notes, metadata."""
    kind = type(before).__module__.partition(".")[0]
    if kind == "pandas":
        changed = {
            name: dtype
            for name, dtype in before.dtypes.items()
            if native[name].dtype != dtype and not native[name].isna().any() and dtype.kind != "O"
        }
        return native.astype(changed) if changed else native
    if kind == "pyarrow":
        import pyarrow as pa

        fields = [
            old if old.type == new.type else new.with_metadata(old.metadata)
            for old, new in zip(before.schema, native.schema, strict=True)
        ]
        return pa.Table.from_arrays(native.columns, schema=pa.schema(fields, before.schema.metadata))
    return native
