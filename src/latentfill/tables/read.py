"""A file or data frame read as a table: its columns, its time axis, its value columns and their series."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from latentfill.core.errors import InputError, UnknownColumnError, did_you_mean
from latentfill.core.files import stem
from latentfill.core.messages import counted
from latentfill.tables.backends.column import Column, refuse_repeated
from latentfill.tables.backends.source import Source
from latentfill.tables.backends.table_files import read_source
from latentfill.tables.decimal_mark import find_decimal_mark
from latentfill.tables.missing_markers import suspicion_notes
from latentfill.tables.options import TableOptions
from latentfill.tables.table import Table
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.reading import TimeRequest, read_time_axis
from latentfill.tables.to_series import to_series
from latentfill.tables.value_columns import find_value_columns


def read_table(data: object, options: TableOptions | None = None) -> Table:
    """Read a CSV or Parquet file or a pandas, polars or pyarrow frame.

    Parameters
    ----------
    data
        Path of a file (`.csv`, `.tsv`, `.txt`, each also `.gz`; `.parquet`, `.pq`) or a frame in memory.
    options
        How to understand the table; what is not given is found from its content.

    Raises
    ------
    InputError
        If the table cannot be read, or cannot be understood as a time series with numbers to fill.
    UnknownColumnError
        If an option names a column that the table does not have.
    """
    options = options or TableOptions()
    whole = read_source(data, delimiter=options.delimiter, encoding=options.encoding)
    timed = _read_time(whole, options)
    columns, axis = timed.columns, timed.axis
    decimal = find_decimal_mark(columns, axis, options)
    found = find_value_columns(columns, axis, options, decimal.mark)
    series, series_notes = to_series(found, axis.time if axis else None, options)
    suspected = suspicion_notes(dict(zip(found.names, found.values.T, strict=True)))
    return Table(
        series=series,
        notes=(*timed.notes, *decimal.notes, *found.notes, *series_notes, *suspected),
        source=timed.source,
        positions=found.positions,
        axis=axis,
        grid=options.grid,
        decimal=decimal.mark,
        time_columns=tuple(columns[at].name for at in axis.columns) if axis else (),
        name=stem(data) if isinstance(data, str | os.PathLike) else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _TimedSource:
    """A table whose stamps have been read."""

    source: Source
    columns: tuple[Column, ...]
    axis: TimeAxis | None
    notes: tuple[str, ...]


def _read_time(whole: Source, options: TableOptions) -> _TimedSource:
    """The columns and stamps of a table; where rows have stamps, rows of nothing at the end of a file are cut off."""
    source = whole if options.time == () else whole.without_empty_end()
    columns = source.columns()
    _check_names(columns, whole.index, options)
    barred = frozenset((*options.leave, *(options.columns or ())))
    request = TimeRequest(names=options.time, format=options.time_format, barred=barred)
    axis = read_time_axis(columns, whole.index, request)
    if axis is None and source is not whole:
        source, columns = whole, whole.columns()  # a row of nothing is a step like any other
    if source.n_rows < 2:
        raise InputError(f"The table has {counted(source.n_rows, 'row')}. A time series needs at least two.")
    notes = list(axis.notes) if axis is not None else []
    if axis is None and options.time is None:
        notes.append("No time column was found: rows count as equally spaced.")
    if n_empty := whole.n_rows - source.n_rows:
        stay = "stays" if n_empty == 1 else "stay"
        notes.append(f"{counted(n_empty, 'empty row')} at the end of the file {stay} unfilled.")
    return _TimedSource(source, columns, axis, tuple(notes))


def _check_names(columns: Sequence[Column], index: Column | None, options: TableOptions) -> None:
    """Refuse columns of the same name, and options that name a column that is not there."""
    refuse_repeated(column.name for column in columns if column.name or not column.is_blank)
    known = [column.name for column in (*columns, *([index] if index else []))]
    named = {"time": options.time, "leave": options.leave, "columns": options.columns}
    problems = [
        f"{option}: {did_you_mean('column', name, filter(None, known))}"
        for option, names in named.items()
        for name in names or ()
        if name not in known
    ]
    if problems:
        raise UnknownColumnError("; ".join(problems) + ".")
