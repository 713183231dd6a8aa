"""Reads a file or data frame as a `Table`: its time axis, its value columns and their series."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.errors import InputError, UnknownColumnError, did_you_mean
from latentfill.core.files import stem
from latentfill.core.messages import counted, quoted
from latentfill.tables.backends.column import Column, refuse_repeated
from latentfill.tables.backends.source import Source
from latentfill.tables.backends.table_files import read_source
from latentfill.tables.missing_markers import find_suspected
from latentfill.tables.number_style import FoundStyle, find_number_style
from latentfill.tables.options import ANY, TableOptions
from latentfill.tables.pivot import Parameters, Pivot, find_parameters, make_pivot
from latentfill.tables.stacked_series import refuse_repeated_time, refuse_stacked
from latentfill.tables.table import Table
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.reading import TimeRequest, read_time_axis
from latentfill.tables.to_series import to_series, without_cells
from latentfill.tables.value_columns import ValueColumns, find_value_columns


def read_table(data: object, options: TableOptions | None = None) -> Table:
    """Read a CSV or Parquet file or a pandas, polars or pyarrow frame.

    Parameters
    ----------
    data
        Path of a file (`.csv`, `.tsv`, `.txt`, each also `.gz`; `.parquet`, `.pq`) or a frame in memory.
    options
        How to read the table; options that are not given are detected from its content.

    Raises
    ------
    InputError
        If the table cannot be read, or is not a time series with numbers to fill.
    UnknownColumnError
        If an option names a column that the table does not have.
    """
    options = options or TableOptions()
    source = read_source(data, options.layout)
    return read_from(source, options, stem(data) if isinstance(data, str | os.PathLike) else None)


def read_from(source: Source, options: TableOptions, name: str | None = None) -> Table:
    """The table in a source; `name` is that of its file without the ending. Errors are those of `read_table`."""
    read = read_columns(source, options)
    timed, axis, value_columns, pivot = read.timed, read.axis, read.values, read.pivot
    series, series_notes = to_series(value_columns, axis.time if axis else None, options)
    as_read = series.values
    marker_notes: tuple[str, ...] = ()
    if not options.trusts_suspected:
        suspected = find_suspected(value_columns.names, value_columns.only_numbers)
        marker_notes = tuple(suspected.notes(accepted=options.accepts_suspected))
        accepted = suspected.outlying if options.accepts_suspected else np.zeros_like(suspected.far)
        series = without_cells(series, suspected.far | accepted)
        as_read = series.values if options.accepts_suspected else as_read
    pivot_notes = tuple(pivot.sparse_notes(value_columns.names)) if pivot else ()
    own_notes = (*series_notes, *marker_notes, *pivot_notes)
    return Table(
        series=series,
        as_read=as_read,
        notes=(*read.notes, *own_notes),
        source=timed.source,
        positions=value_columns.positions,
        axis=timed.axis,
        grid=options.grid,
        style=read.written.style,
        time_columns=timed.time_columns,
        name=name,
        left_alone=value_columns.left_alone,
        pivot=pivot,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ReadColumns:
    """The time axis of a table and the columns to fill, whose rows are no steps yet."""

    timed: TimedSource
    axis: TimeAxis | None  # of the rows, which in a long table are those of the pivot
    pivot: Pivot | None
    written: FoundStyle
    values: ValueColumns

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on how they were read."""
        return (*self.timed.source.notes, *self.timed.notes, *self.written.notes, *self.values.notes)


def read_columns(source: Source, options: TableOptions) -> ReadColumns:
    """The time axis and the columns to fill of the table in a source. Errors are those of `read_table`."""
    timed = read_time(source, options)
    columns, axis, pivot = timed.columns, timed.axis, None
    if timed.parameters is not None:
        if options.fill_text:
            raise InputError("fill_text (--fill-text) is for wide tables: leave it out, or pivot (--pivot).")
        pivot = make_pivot(columns, axis, timed.parameters)
        columns, axis = pivot.columns(), pivot.axis
    elif axis is not None:
        known = frozenset((*options.leave, *(columns[at].name for at in axis.columns)))
        refuse_repeated_time(columns, axis.time, known)
        refuse_stacked(columns, axis.time, known)
    written = find_number_style(columns, axis, options)
    value_columns = find_value_columns(columns, axis, options, written.style)
    return ReadColumns(timed, axis, pivot, written, value_columns)


@dataclass(frozen=True, slots=True, eq=False)
class TimedSource:
    """A table with its time axis."""

    source: Source
    columns: tuple[Column, ...]
    axis: TimeAxis | None  # None if rows are counted
    notes: tuple[str, ...]
    parameters: Parameters | None  # None unless the table is long and pivoted

    @property
    def time_columns(self) -> tuple[str, ...]:
        """Names of the columns that form the time stamp."""
        return tuple(self.columns[position].name for position in self.axis.columns) if self.axis else ()


def read_time(whole: Source, options: TableOptions) -> TimedSource:
    """The columns and the time axis of a table; if it has time stamps, without empty rows at the end of the file."""
    source = whole if options.time == () else whole.without_empty_end()
    columns = source.columns()
    parameters = find_parameters(columns, options.pivot) if options.pivot else None
    check_names(columns, whole.index, options, parameters)
    request = TimeRequest(
        names=options.time,
        format=options.time_format,
        timezone=options.timezone,
        excluded=frozenset((*options.leave, *(options.pivot or options.columns or ()))),
        parts=parameters.of_row if parameters else None,
    )
    axis = read_time_axis(columns, whole.index, request)
    if axis is None and source is not whole:
        source, columns = whole, whole.columns()  # without time stamps, an empty row is a step like any other
    if source.n_rows < 2:
        raise InputError(f"The table has {counted(source.n_rows, 'row')}. A time series needs at least two.")
    notes = list(axis.notes) if axis is not None else []
    if axis is not None and options.time is None and whole.index is not None and axis.columns:
        notes.append(f"The index {quoted(whole.index.name)} holds no time stamps and is not used.")
    if axis is None and options.time is None:
        notes.append("No time column was found: rows are taken as equally spaced.")
    if n_empty := whole.n_rows - source.n_rows:
        verb = "stays" if n_empty == 1 else "stay"
        notes.append(f"{counted(n_empty, 'empty row')} at the end of the file {verb} unfilled.")
    return TimedSource(source, columns, axis, tuple(notes), parameters)


def check_names(
    columns: Sequence[Column], index: Column | None, options: TableOptions, parameters: Parameters | None
) -> None:
    """Raise an error if two columns have the same name, or if an option names an unknown column.

    In a long table, the columns to fill are its `parameters`.
    """
    refuse_repeated(column.name for column in columns if column.name or not column.is_blank)
    own = dict.fromkeys(column.name for column in (*columns, *([index] if index else [])))
    values = own if parameters is None else dict.fromkeys(parameters.names)
    marked = tuple(name for name, _ in options.markers_by_name() if name != ANY)
    named = {
        "time": (options.time, own),
        "leave": (options.leave, values | own),
        "columns": (options.columns, values),
        "missing": (marked, values),
    }
    problems = [
        f"{option}: {did_you_mean('column', name, filter(None, known))}"
        for option, (names, known) in named.items()
        for name in names or ()
        if name not in known
    ]
    if problems:
        raise UnknownColumnError("; ".join(problems) + ".")
