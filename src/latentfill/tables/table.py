"""Tables in and out: a file or data frame becomes a Series, and takes the filled values back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError, UnknownColumnError, did_you_mean
from latentfill.core.files import check_file_path, stem, write_bytes
from latentfill.core.messages import counted
from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.tables.backends.column import (
    Column,
    decimals_for,
    find_decimal,
    format_numbers,
    read_numbers,
    refuse_repeated,
)
from latentfill.tables.backends.csv_text import format_csv
from latentfill.tables.backends.edits import Edits, Extra, Fill
from latentfill.tables.backends.source import CsvSource, Source, file_kind, read_source, write_parquet
from latentfill.tables.missing_markers import suspicions
from latentfill.tables.options import TableOptions as TableOptions
from latentfill.tables.time.axis import TimeAxis, index_axis, read_axis
from latentfill.tables.time.detection import find_axis
from latentfill.tables.to_series import lay_out
from latentfill.tables.value_columns import find_value_columns


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table as read, and the series to be filled in it."""

    series: Series  # in time order, NaN where missing
    notes: tuple[str, ...]  # warnings for the user, one sentence each
    sheet: Source  # the table as it was
    positions: tuple[int, ...]  # place in the sheet of every column of the series
    axis: TimeAxis | None
    grid: bool = False  # steps added by the regular grid are rows of the output
    decimal: str = "."
    time_columns: tuple[str, ...] = ()  # names of the columns that make the stamp
    name: str | None = None  # the file's name without its endings; None for a frame

    @property
    def n_rows(self) -> int:
        """Rows of the table as read."""
        return self.sheet.n_rows


def read_table(source: Any, options: TableOptions | None = None) -> Table:
    """Read a CSV or Parquet file or a pandas, polars or pyarrow frame.

    Parameters
    ----------
    source
        Path of a file (`.csv`, `.tsv`, `.txt`, each also `.gz`; `.parquet`, `.pq`) or a frame in memory.
    options
        How to understand it; whatever is not said is found.
    """
    options = options or TableOptions()
    sheet = read_source(source, delimiter=options.delimiter, encoding=options.encoding)
    columns = _columns(sheet)
    refuse_repeated(column.name for column in columns if column.name or not _is_blank(column))
    _refuse_unknown(options, sheet)
    sheet, columns, axis, time_notes = _with_time(sheet, columns, options)
    if sheet.n_rows < 2:
        raise InputError(f"The table has {counted(sheet.n_rows, 'row')}. A time series needs at least two.")
    decimal, decimal_notes = _find_decimal(columns, axis, options)
    roles = find_value_columns(columns, axis, options, decimal)
    names = [columns[at].name for at in roles.numbers]  # one may be unnamed, as an index written by pandas is
    values = np.column_stack([numbers.values for numbers in roles.numbers.values()])
    series, series_notes = lay_out(values, names, axis.time if axis else None, options)
    suspected = suspicions({columns[at].name: numbers.values for at, numbers in roles.numbers.items()})
    return Table(
        series=series,
        notes=(*time_notes, *decimal_notes, *roles.notes, *series_notes, *suspected),
        sheet=sheet,
        positions=tuple(roles.numbers),
        axis=axis,
        grid=options.grid,
        decimal=decimal,
        time_columns=tuple(columns[at].name for at in axis.columns) if axis else (),
        name=stem(source) if isinstance(source, str | os.PathLike) else None,
    )


def _columns(sheet: Source) -> list[Column]:
    return [sheet.column(position) for position in range(len(sheet.names))]


def _is_blank(column: Column) -> bool:
    numbers = read_numbers(column)
    return numbers is not None and not numbers.bad.any() and not numbers.n_numbers


def _refuse_unknown(options: TableOptions, sheet: Source) -> None:
    known = [*sheet.names, *([sheet.index.name] if sheet.index else [])]
    problems = [
        f"{setting}: {did_you_mean('column', name, filter(None, known))}"
        for setting in ("time", "leave", "columns")
        for name in getattr(options, setting) or ()
        if name not in known
    ]
    if problems:
        raise UnknownColumnError("; ".join(problems) + ".")


def _find_decimal(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions
) -> tuple[str, tuple[str, ...]]:
    """The decimal mark as the user says, else as the columns show it, and notes."""
    if options.decimal is not None:
        return options.decimal, ()
    taken = axis.columns if axis else ()
    return find_decimal(
        [column for at, column in enumerate(columns) if at not in taken and column.name not in options.leave]
    )


# --- time ---------------------------------------------------------------------------------------------------


def _with_time(
    sheet: Source, columns: list[Column], options: TableOptions
) -> tuple[Source, list[Column], TimeAxis | None, tuple[str, ...]]:
    """The stamps; rows at the end of a CSV file that hold nothing, not even a stamp, are set aside."""
    shorter = _without_empty_end(sheet, columns)
    if shorter is not None and options.time != ():
        cut_columns = _columns(shorter)
        axis = _time_axis(shorter, cut_columns, options)
        if axis is not None:
            n = sheet.n_rows - shorter.n_rows
            note = f"{counted(n, 'row')} of nothing at the end of the file stay as they are."
            return shorter, cut_columns, axis, (*axis.notes, note)
    axis = _time_axis(sheet, columns, options)
    if axis is None and options.time is None:
        return sheet, columns, None, ("No time column was found: rows count as equally spaced.",)
    return sheet, columns, axis, axis.notes if axis else ()


def _without_empty_end(sheet: Source, columns: Sequence[Column]) -> CsvSource | None:
    """The sheet without the rows of nothing but delimiters at its end, None when there are none."""
    if not isinstance(sheet, CsvSource) or len(columns) < 2:
        return None
    n = 0
    while n < sheet.n_rows - 1 and not any(column.texts[-1 - n].as_py().strip() for column in columns):
        n += 1
    return CsvSource(sheet.text.without_last(n)) if n else None


def _time_axis(sheet: Source, columns: Sequence[Column], options: TableOptions) -> TimeAxis | None:
    if options.time == ():
        return None
    if options.time is not None:
        return _chosen_axis(sheet, columns, options.time, options.time_format)
    hidden = {*options.leave, *(options.columns or ())}
    free = [Column(name="", kind="other") if column.name in hidden else column for column in columns]
    axis = find_axis(free, options.time_format)
    if axis is None and options.time_format is not None and sheet.index is None:
        raise InputError(
            f"No column can be read with --time-format {options.time_format!r}. Name the time column too: "
            "`--time COLUMN`."
        )
    return axis if axis is not None or sheet.index is None else index_axis(sheet.index)


def _chosen_axis(sheet: Source, columns: Sequence[Column], names: Sequence[str], format: str | None) -> TimeAxis:
    by_name = {column.name: at for at, column in enumerate(columns)}
    if sheet.index is not None and tuple(names) == (sheet.index.name,) and names[0] not in by_name:
        return index_axis(sheet.index)
    return read_axis(columns, [by_name[name] for name in names], format)


# --- writing ------------------------------------------------------------------------------------------------


def write_table(
    table: Table,
    filled: FloatArray,
    path: str | os.PathLike[str],
    *,
    precision: int | None = None,
    extras: Mapping[str, FloatArray] | None = None,
) -> None:
    """Write the table with its missing cells filled; everything that was there stays as it was.

    Parameters
    ----------
    filled
        (T, C) like `table.series.values`; NaN leaves a cell as it is. Only cells that were missing are taken.
    path
        CSV or Parquet by its suffix, whatever was read.
    precision
        Decimals of filled cells; by default as many as their column shows and its spread gives meaning to.
    extras
        Arrays like `filled` by a suffix: each puts a column `NAME_SUFFIX` after the table for every value column. In
        cells that were observed they should hold the value.
    """
    kind = file_kind(path)
    changes = _changes(table, filled, precision, extras)
    if kind == "parquet":
        write_parquet(table.sheet.to_frame(changes), path)
    else:
        delimiter = "\t" if ".tsv" in Path(path).name.lower() else ","
        write_bytes(path, table.sheet.to_csv(changes, delimiter))


def fill_frame(
    table: Table,
    filled: FloatArray,
    *,
    precision: int | None = None,
    extras: Mapping[str, FloatArray] | None = None,
) -> Any:
    """The table as a frame of the kind that was read, filled; tables from files become pyarrow tables."""
    return table.sheet.to_frame(_changes(table, filled, precision, extras))


def check_extras(table: Table, suffixes: Sequence[str]) -> None:
    """Refuse columns `NAME_SUFFIX` that the table already has."""
    taken = [f"{name}_{suffix}" for name in table.series.columns for suffix in suffixes]
    taken = [name for name in taken if name in table.sheet.names]
    if taken:
        raise InputError(
            f"the table already has a column {taken[0]!r}, which the bounds would be written to. Rename it, or write "
            "the bounds to a file of their own (--intervals-to)."
        )


def _changes(
    table: Table, filled: FloatArray, precision: int | None, extras: Mapping[str, FloatArray] | None = None
) -> Edits:
    series = table.series
    if filled.shape != series.values.shape:
        raise InputError(f"The filled values have shape {filled.shape}, but the series has {series.values.shape}.")
    if np.isinf(filled).any():
        raise InputError("The filled values hold infinities. Use NaN for cells to be left as they are.")
    if precision is not None and not 0 <= precision <= 17:
        raise InputError(f"precision must be from 0 to 17 decimals, got {precision}.")
    order, steps = output_rows(table)
    missing = np.isnan(series.values[steps])
    estimates = filled[steps] if precision is None else _round(filled[steps], precision)
    values = np.where(missing, estimates, series.values[steps])
    written = missing & ~np.isnan(estimates)
    fills = {
        at: _fill(table, at, column, values[:, column], written[:, column], precision)
        for column, at in enumerate(table.positions)
    }
    check_extras(table, list(extras or {}))
    added = [
        _extra(table, at, column, suffix, array[steps, column], fills[at], precision)
        for column, at in enumerate(table.positions)
        for suffix, array in (extras or {}).items()
    ]
    changes = Edits(order, fills, extras=added)
    return changes if not (order < 0).any() else _with_stamps(table, changes, steps)


def _extra(
    table: Table, at: int, column: int, suffix: str, values: FloatArray, fill: Fill, precision: int | None
) -> Extra:
    """A column of numbers beside value column `column`, with its decimals, and its very texts where it was observed."""
    name = f"{table.series.columns[column]}_{suffix}"
    source = table.sheet.column(at)
    if source.kind != "text":
        return Extra(name, values if precision is None else _round(values, precision), ())
    decimals = precision
    if decimals is None:
        decimals = decimals_for(source.texts, _by_row(table.series, column), table.decimal)
    texts = format_numbers(values, max(decimals, 0), table.decimal)
    order, _ = output_rows(table)
    seen = source.texts.to_pylist()
    written = fill.cells | np.isnan(fill.values)
    texts = [
        seen[row] if row >= 0 and not new else "" if empty else text
        for row, new, empty, text in zip(
            order.tolist(), written.tolist(), np.isnan(values).tolist(), texts, strict=True
        )
    ]
    return Extra(name, values, texts)


def _round(values: FloatArray, decimals: int) -> FloatArray:
    """Rounded values; those too large to have such decimals as they are."""
    return np.where(np.abs(values) < 1e15, np.round(np.where(np.abs(values) < 1e15, values, 0.0), decimals), values)


def output_rows(table: Table) -> tuple[IntArray, IntArray]:
    """For every row of the output its row in the input (-1: added) and its step of the series."""
    rows = table.series.rows
    is_row = rows >= 0
    steps = np.empty(int(is_row.sum()), dtype=np.int64)
    steps[rows[is_row]] = np.flatnonzero(is_row)
    if not table.grid or is_row.all():
        return np.arange(len(steps)), steps
    forward = np.diff(steps)
    if (forward > 0).all():
        return rows, np.arange(len(rows))
    if (forward < 0).all():
        return rows[::-1], np.arange(len(rows))[::-1]
    added = np.flatnonzero(~is_row)  # no place of their own between unsorted rows: at the end
    return np.concatenate([np.arange(len(steps)), rows[added]]), np.concatenate([steps, added])


def _fill(table: Table, at: int, column: int, values: FloatArray, cells: BoolArray, precision: int | None) -> Fill:
    source = table.sheet.column(at)
    if source.kind != "text" or not cells.any():
        return Fill(values, cells, [] if source.kind == "text" else None)
    decimals = precision
    if decimals is None:
        decimals = decimals_for(source.texts, _by_row(table.series, column), table.decimal)
    return Fill(values, cells, format_numbers(values[cells], max(decimals, 0), table.decimal))


def _by_row(series: Series, column: int) -> FloatArray:
    """One column of the series in the order of the table as read."""
    is_row = series.rows >= 0
    values = np.empty(int(is_row.sum()))
    values[series.rows[is_row]] = series.values[is_row, column]
    return values


def _with_stamps(table: Table, changes: Edits, steps: IntArray) -> Edits:
    """Add the time cells of the added rows, written like those of the row before."""
    assert table.axis is not None
    assert table.series.time is not None
    new = steps[changes.added]
    last_row = np.maximum.accumulate(np.where(table.series.rows >= 0, np.arange(len(table.series.rows)), 0))
    like = table.series.rows[last_row[new]]
    stamps = table.axis.write(table.series.time[new], like)
    index = None if table.axis.columns else table.series.time[steps]
    return replace(changes, stamps=stamps, index=index)


def write_columns(columns: Mapping[str, NDArray[Any]], path: str | os.PathLike[str]) -> None:
    """Columns of numbers as a CSV or Parquet file by its name; NaN is an empty cell."""
    if file_kind(path) == "parquet":
        import pyarrow as pa

        write_parquet(pa.table({name: pa.array(array, from_pandas=True) for name, array in columns.items()}), path)
        return
    cells = [["" if value != value else value for value in array.tolist()] for array in columns.values()]
    write_bytes(path, format_csv(list(columns), cells))


def check_output_path(source: Any, output: str | os.PathLike[str], *, table: bool = True) -> None:
    """Refuse an output that cannot be written, or that would replace the input, before any work is done.

    `table`: the name must be that of a kind of table that can be written.
    """
    output = Path(output)
    if table:
        file_kind(output)
    check_file_path(output)
    is_file = isinstance(source, str | os.PathLike) and os.path.exists(source)
    if is_file and output.exists() and os.path.samefile(source, output):
        raise InputError(f"{output} is the input file itself. Choose another output, so that it is kept.")
