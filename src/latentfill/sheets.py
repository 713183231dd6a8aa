"""Tables as they were read, whatever their kind: columns out, filled cells and added rows in."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from latentfill import csv_text
from latentfill.csv_text import CsvText
from latentfill.errors import InputError
from latentfill.series import BoolArray, FloatArray, IntArray, TimeArray

MARKERS = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", "missing")
CSV_SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")
SIGNIFICANT = 6  # digits written of a fill, relative to the spread of its column

_NEARLY_ALL = 0.99  # share of cells whose decimals count: a stray 3.2051 in a column of whole numbers does not
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INFINITE = r"^[+-]?inf(inity)?$"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column as it was read; which array is set depends on its kind."""

    name: str
    kind: Literal["text", "number", "time", "category", "other"]
    texts: Any = None  # pyarrow text, null where a frame holds nothing: text and category
    numbers: FloatArray | None = None  # NaN where a frame holds nothing: number
    times: TimeArray | None = None  # UTC, NaT where a frame holds nothing: time
    single: bool = False  # numbers were stored as float32


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column read as numbers, each array (rows,)."""

    values: FloatArray  # NaN where missing or bad
    bad: BoolArray  # neither a number nor a marker for a missing value

    @property
    def n_numbers(self) -> int:
        return int(np.count_nonzero(~np.isnan(self.values)))


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """What becomes of one value column, by rows of the output."""

    values: FloatArray  # (R,) the whole column after filling
    cells: BoolArray  # (R,) True where the table is written to
    texts: Sequence[str] | None = None  # one per True cell, for columns of text


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Everything that is to be written into a table."""

    order: IntArray  # (R,) row of the input behind every row of the output, -1 for added rows
    fills: Mapping[int, Fill]
    stamps: Mapping[int, Any] = field(default_factory=dict)  # time column -> stamps of the added rows
    index: TimeArray | None = None  # (R,) stamps of a pandas time index, when rows are added

    @property
    def added(self) -> IntArray:
        """Rows of the output that the input does not have."""
        return np.flatnonzero(self.order < 0)


class Sheet(Protocol):
    """A table that knows how to give out columns and take changes."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def index(self) -> Column | None: ...
    def column(self, position: int) -> Column: ...
    def to_frame(self, changes: Changes) -> Any: ...
    def to_csv(self, changes: Changes, delimiter: str) -> bytes: ...


# --- numbers and their text ---------------------------------------------------------------------------------


def read_numbers(column: Column, missing: Sequence[str] = (), decimal: str = ".") -> Numbers | None:
    """The column as numbers, NaN for every missing marker; None for columns that hold no numbers by type."""
    if column.kind == "number":
        assert column.numbers is not None
        values = np.where(_declared(column.numbers, missing, column.single), np.nan, column.numbers)
        return Numbers(values, np.zeros(len(values), dtype=bool))
    if column.kind == "text":
        return _parse_numbers(column.texts, missing, decimal)
    return None


def _parse_numbers(texts: Any, missing: Sequence[str], decimal: str) -> Numbers:
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.fill_null(pc.utf8_trim_whitespace(texts), "")
    pointed = trimmed if decimal == "." else _comma_to_point(trimmed)
    is_number = pc.or_(
        pc.match_substring_regex(pointed, _NUMBER),
        pc.match_substring_regex(pointed, _INFINITE, ignore_case=True),
    )
    values = _floats(pc.cast(pc.if_else(is_number, pointed, pa.scalar(None, pa.string())), pa.float64()))
    declared = [*MARKERS, *(marker.strip().lower() for marker in missing)]
    is_marker = _flags(pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(declared)))
    values[is_marker | _declared(values, missing, single=False)] = np.nan
    return Numbers(values, ~_flags(is_number) & ~is_marker)


def _comma_to_point(texts: Any) -> Any:
    """Decimal commas as points; a point that was there before becomes a bad mark, not a decimal."""
    import pyarrow.compute as pc

    return pc.replace_substring(pc.replace_substring(texts, ".", "'"), ",", ".")


def _declared(values: FloatArray, missing: Sequence[str], single: bool) -> BoolArray:
    """Cells that equal one of the sentinels as numbers."""
    found = np.zeros(len(values), dtype=bool)
    for marker in missing:
        number = as_number(marker)
        if number is not None:
            found |= values == (float(np.float32(number)) if single else number)
    return found


def as_number(text: str) -> float | None:
    """The number a text says, None when it says none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _floats(array: Any) -> FloatArray:
    return np.array(array.to_numpy(zero_copy_only=False) if _is_plain(array) else array.to_numpy(), float)


def _flags(array: Any) -> BoolArray:
    return np.array(array.to_numpy(zero_copy_only=False) if _is_plain(array) else array.to_numpy(), bool)


def _is_plain(array: Any) -> bool:
    return not hasattr(array, "chunks")  # chunked arrays take no zero_copy_only


def format_numbers(values: FloatArray, decimals: int, decimal: str = ".") -> list[str]:
    """Numbers as text with so many decimals, never `-0`."""
    zero = f"{-0.0:.{decimals}f}"
    texts = [f"{value:.{decimals}f}" for value in values.tolist()]
    texts = [text[1:] if text == zero else text for text in texts]
    return texts if decimal == "." else [text.replace(".", decimal) for text in texts]


def decimals_for(texts: Any, values: FloatArray, decimal: str = ".") -> int:
    """Decimals to write into a column: as many as it shows, but no more than its spread gives meaning to.

    `texts` is the whole column, `values` its numbers with NaN where missing.
    """
    seen = values[~np.isnan(values)]
    if not len(seen):
        return SIGNIFICANT - 1
    spread = float(seen.max() - seen.min()) or abs(float(seen[0])) or 1.0
    cap = max(0, SIGNIFICANT - 1 - math.floor(math.log10(spread)))
    return min(_decimals_shown(texts, ~np.isnan(values), decimal), cap)


def _decimals_shown(texts: Any, observed: BoolArray, decimal: str) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    shown = pc.filter(pc.utf8_trim_whitespace(texts), pa.array(observed))
    if pc.any(pc.match_substring_regex(shown, "[eE]")).as_py():
        return 17  # powers of ten hide the decimals: the spread alone decides
    fraction = pc.replace_substring_regex(shown, rf"^[^{decimal}]*[{decimal}]?", "")
    lengths = np.array(pc.utf8_length(fraction), dtype=np.int64)
    return int(np.quantile(lengths, _NEARLY_ALL, method="inverted_cdf"))


# --- CSV ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class CsvSheet:
    """A table read from a CSV file."""

    text: CsvText

    @property
    def names(self) -> tuple[str, ...]:
        return self.text.names

    @property
    def n_rows(self) -> int:
        return self.text.n_rows

    @property
    def index(self) -> Column | None:
        return None

    def column(self, position: int) -> Column:
        return Column(name=self.names[position], kind="text", texts=self.text.cells[position])

    def to_csv(self, changes: Changes, delimiter: str = ",") -> bytes:
        """The file as it was, with the filled cells replaced and the added rows put in."""
        edits = self._edits(changes)
        records = [self._record(row, edits.get(at, {})) for at, row in enumerate(changes.order.tolist())]
        return csv_text.encode_csv(self.text, records)

    def _record(self, row: int, cells: Mapping[int, str]) -> str:
        if row < 0:
            return csv_text.new_record(self.text, cells)
        record = self.text.records[row + 1]
        return csv_text.replace_cells(record, self.text.delimiter, cells) if cells else record

    @staticmethod
    def _edits(changes: Changes) -> dict[int, dict[int, str]]:
        """New texts by row of the output and column."""
        edits: dict[int, dict[int, str]] = {}
        for column, fill in changes.fills.items():
            for at, text in zip(np.flatnonzero(fill.cells).tolist(), fill.texts or (), strict=True):
                edits.setdefault(at, {})[column] = text
        for column, stamps in changes.stamps.items():
            for at, text in zip(changes.added.tolist(), stamps, strict=True):
                edits.setdefault(at, {})[column] = text
        return edits

    def to_frame(self, changes: Changes) -> Any:
        """A pyarrow table: float64 for the value columns, text for all others."""
        import pyarrow as pa

        names = [name or f"unnamed_{at + 1}" for at, name in enumerate(self.names)]
        arrays = [self._array(at, changes) for at in range(len(names))]
        return pa.table(arrays, names=names)

    def _array(self, position: int, changes: Changes) -> Any:
        import pyarrow as pa

        if position in changes.fills:
            return pa.array(changes.fills[position].values, pa.float64(), from_pandas=True)
        taken = self.text.cells[position].take(_with_nulls(changes.order))
        if position not in changes.stamps:
            return taken
        texts = np.array(taken.to_pylist(), dtype=object)
        texts[changes.added] = list(changes.stamps[position])
        return pa.array(texts.tolist(), pa.string())


def _with_nulls(order: IntArray) -> Any:
    import pyarrow as pa

    return pa.array(order, mask=order < 0)


# --- frames -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class FrameSheet:
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

    def to_frame(self, changes: Changes) -> Any:
        """A frame of the kind that was read, with the changes made."""
        import narwhals as nw

        base = self.native if not len(changes.added) else _with_added_rows(self.native, changes)
        frame = nw.from_native(base, eager_only=True)
        for position, fill in changes.fills.items():
            if fill.cells.any():
                frame = _scatter(frame, position, self.frame[:, position].dtype, fill)
        for position, stamps in changes.stamps.items():
            frame = _put_stamps(frame, position, self.frame[:, position].dtype, changes.added, stamps)
        return _like_before(frame.to_native(), self.native)

    def to_csv(self, changes: Changes, delimiter: str = ",") -> bytes:
        """A new CSV file with plain texts; missing cells are empty."""
        import narwhals as nw

        native = self.to_frame(changes)
        if self.index is not None:
            native = native.reset_index(names=self.index.name)
        frame = nw.from_native(native, eager_only=True)
        columns = [_cell_texts(frame[:, at]) for at in range(frame.shape[1])]
        return csv_text.format_csv([str(name) for name in frame.columns], columns, delimiter)


def frame_sheet(native: Any) -> FrameSheet:
    """Wrap a frame, refusing what is no table of columns in memory."""
    import narwhals as nw

    module = type(native).__module__.partition(".")[0]
    if module in ("pandas", "pyarrow"):  # the others have no doubled names
        names = getattr(native, "columns" if module == "pandas" else "column_names", ())
        if doubled := csv_text.duplicate_names(str(name) for name in names):
            listed = ", ".join(map(repr, doubled))
            raise InputError(f"The table has several columns named {listed}. Rename them.")
    frame = nw.from_native(native, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise InputError("The table is lazy and holds no values yet. Call `.collect()` on it first.")
    if not isinstance(frame, nw.DataFrame):
        raise InputError(
            f"A {type(native).__name__} is no table. Give a path to a CSV or Parquet file, or a pandas, "
            "polars or pyarrow data frame with named columns."
        )
    return FrameSheet(native, frame)


def _has_no_type(series: Any) -> bool:
    """Whether a column is all null and was given no type."""
    import narwhals as nw

    return bool(series.dtype == nw.Unknown and series.is_null().all())


def _series_floats(series: Any) -> FloatArray:
    import narwhals as nw

    if series.implementation.is_pyarrow():
        import pyarrow as pa
        import pyarrow.compute as pc

        return _floats(pc.cast(series.to_native(), pa.float64(), safe=False))
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


def _scatter(frame: Any, position: int, dtype: Any, fill: Fill) -> Any:
    """The frame with the filled cells of one column written, its type kept."""
    import narwhals as nw

    series = frame[:, position]
    rows, values = np.flatnonzero(fill.cells), fill.values[fill.cells]
    if dtype == nw.Unknown:  # see _has_no_type: there is nothing in the column to keep
        return frame.with_columns(_new_series(series, fill.values, nw.Float64()))
    if dtype in (nw.String, nw.Object):
        new = _like_objects(series, fill)
        if dtype == nw.Object or series.implementation.is_pandas():
            return _scatter_objects(frame, position, rows, new)
        return frame.with_columns(series.scatter(rows.tolist(), new))
    if dtype.is_integer():
        limits = np.iinfo(str(dtype).lower())
        values = np.clip(np.rint(values), limits.min, limits.max)
    new = _new_series(series, values, nw.Float64()).cast(series.dtype)
    return frame.with_columns(series.scatter(rows.tolist(), new))


def _new_series(like: Any, values: Any, dtype: Any) -> Any:
    import narwhals as nw

    series = nw.new_series(like.name, values, dtype, backend=like.implementation)
    return nw.maybe_align_index(series, like) if len(series) == len(like) else series


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
    new = nw.new_series(series.name, list(stamps), nw.String(), backend=series.implementation)
    return frame.with_columns(series.cast(nw.String()).scatter(rows.tolist(), new))


def _with_added_rows(native: Any, changes: Changes) -> Any:
    """The frame in the order of the output, added rows empty."""
    kind = type(native).__module__.partition(".")[0]
    if kind == "pandas":
        return _pandas_with_added_rows(native, changes)
    if kind == "pyarrow":
        return native.take(_with_nulls(changes.order))
    if kind == "polars":
        import polars as pl

        order = pl.Series([row if row >= 0 else None for row in changes.order.tolist()], dtype=pl.UInt32)
        return native.select(pl.all().gather(order))
    raise InputError(f"Rows cannot be added to a {kind} frame. Turn it into pandas, polars or pyarrow first.")


def _pandas_with_added_rows(native: Any, changes: Changes) -> Any:
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


# --- files --------------------------------------------------------------------------------------------------


def file_kind(path: str | os.PathLike[str]) -> Literal["csv", "parquet"]:
    """What a file is by its name."""
    name = Path(path).name.lower()
    if name.endswith(CSV_SUFFIXES):
        return "csv"
    if name.endswith(PARQUET_SUFFIXES):
        return "parquet"
    raise InputError(
        f"{Path(path).name!r} is no table that can be read or written by its name. "
        f"Use one of {', '.join(CSV_SUFFIXES + PARQUET_SUFFIXES)}."
    )


def read_sheet(source: Any, *, delimiter: str | None, encoding: str | None) -> Sheet:
    """Read a file, or take a frame as it is."""
    if not isinstance(source, str | os.PathLike):
        return frame_sheet(source)
    path = Path(source)
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a table. Give the path of one file in it.")
    if not path.exists():
        raise InputError(f"There is no file {path}. Check the path.")
    if file_kind(path) == "parquet":
        return frame_sheet(_read_parquet(path))
    return CsvSheet(csv_text.read_csv(path, delimiter=delimiter, encoding=encoding))


def _read_parquet(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({error}). Write or download it again.") from error


def write_parquet(frame: Any, path: str | os.PathLike[str]) -> None:
    """Write a frame of any kind to a Parquet file, under a temporary name first."""
    import narwhals as nw
    import pyarrow as pa
    from pyarrow import parquet

    if type(frame).__module__.startswith("pandas"):
        arrow = pa.Table.from_pandas(frame)  # keeps the index
    else:
        arrow = nw.from_native(frame, eager_only=True).to_arrow()
    with csv_text.replacing(Path(os.path.realpath(path))) as temporary:
        parquet.write_table(arrow, temporary)
