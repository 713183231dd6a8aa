"""Tables in and out: a file or data frame becomes a Series, and takes the filled values back."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill import csv_text, sheets, timestamps
from latentfill.errors import InputError
from latentfill.series import BoolArray, FloatArray, IntArray, Series, TimeArray
from latentfill.sheets import Changes, Column, CsvSheet, Fill, Numbers, Sheet
from latentfill.timestamps import Grid, TimeAxis, name_rows

MAX_ADDED = 2.0  # steps of the grid per row of the table up to which the work is done on the grid
_SHOWN = 5  # rows, values and columns named in a message
_COUNTER_NAMES = ("", "no", "nr", "no.", "#", "n", "id", "idx", "index", "row", "rownum", "seq", "step", "t")


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """How a table is to be understood."""

    time: tuple[str, ...] | None = None  # columns that make the stamp; None = find them, () = row number
    time_format: str | None = None  # strptime format of the stamps
    leave: tuple[str, ...] = ()  # columns passed through untouched
    columns: tuple[str, ...] | None = None  # the value columns, when only these are wanted
    missing: tuple[str, ...] = ()  # sentinels beside the usual markers, such as -200
    grid: bool = False  # add the rows that are missing from the regular grid to the output
    regular: bool = True  # work on the regular grid; False keeps to the rows there are
    delimiter: str | None = None  # of CSV files; None = find it
    encoding: str | None = None  # of CSV files; None = UTF-8 or as the byte order mark says
    decimal: str | None = None  # "." or ","; None = find it

    def __post_init__(self) -> None:
        problems = [*self._wrong_types(), *self._wrong_values()]
        if problems:
            raise InputError("TableOptions: " + "; ".join(problems))

    def _wrong_types(self) -> Iterator[str]:
        for name in ("time", "leave", "columns", "missing"):
            given = getattr(self, name)
            if given is None and name in ("time", "columns"):
                continue
            if not isinstance(given, tuple) or not all(isinstance(item, str) for item in given):
                yield f"{name} must be a tuple of texts, got {given!r}"

    def _wrong_values(self) -> Iterator[str]:
        if self.time_format is not None:
            wrong = timestamps.format_problems(self.time_format)
            yield from (f"time_format {self.time_format!r} cannot be used: {problem}" for problem in wrong)
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            yield f"delimiter must be one character and no quote, got {self.delimiter!r}"
        if self.decimal not in (None, ".", ","):
            yield f"decimal must be '.' or ',', got {self.decimal!r}"
        if self.grid and not self.regular:
            yield "grid=True adds rows of the regular grid and cannot go with regular=False"
        if self.columns == ():
            yield "columns is empty; name at least one or leave it out"
        if self.encoding is not None and not _is_encoding(self.encoding):
            yield f"encoding {self.encoding!r} is not known; try utf-8, latin-1 or cp1252"
        if self.columns and (both := sorted(set(self.columns) & {*self.leave, *(self.time or ())})):
            yield f"columns cannot be filled and also left alone or used as time: {', '.join(both)}"


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table as read, and the series to be filled in it."""

    series: Series  # in time order, NaN where missing
    notes: tuple[str, ...]  # warnings for the user, one sentence each
    sheet: Sheet  # the table as it was
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


@dataclass(frozen=True, slots=True, eq=False)
class _Roles:
    """Which columns are filled, and what was noticed on the way."""

    numbers: dict[int, Numbers]  # value columns by position
    notes: list[str] = field(default_factory=list)


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
    sheet = sheets.read_sheet(source, delimiter=options.delimiter, encoding=options.encoding)
    columns = [sheet.column(position) for position in range(len(sheet.names))]
    _refuse_doubled(columns)
    _refuse_unknown(options, sheet)
    sheet, columns, axis, notes = _with_time(sheet, columns, options)
    if sheet.n_rows < 2:
        raise InputError(f"The table has {sheet.n_rows} row. A time series needs at least two.")
    decimal, decimal_notes = _find_decimal(columns, axis, options)
    roles = _find_roles(columns, axis, options, decimal)
    series, series_notes = _lay_out(columns, roles.numbers, axis, options)
    suspicions = _suspicions(roles.numbers, columns)
    return Table(
        series=series,
        notes=(*notes, *decimal_notes, *roles.notes, *series_notes, *suspicions),
        sheet=sheet,
        positions=tuple(roles.numbers),
        axis=axis,
        grid=options.grid,
        decimal=decimal,
        time_columns=tuple(columns[at].name for at in axis.columns) if axis else (),
        name=Path(source).name.split(".")[0] if isinstance(source, str | os.PathLike) else None,
    )


# --- names --------------------------------------------------------------------------------------------------


def _refuse_doubled(columns: Sequence[Column]) -> None:
    """Two columns of one name cannot be told apart; nameless empty ones need not be."""
    names = [column.name for column in columns if column.name or not _is_blank(column)]
    if doubled := csv_text.duplicate_names(names):
        raise InputError(
            f"Several columns have the same name: {', '.join(map(repr, doubled))}. Rename them in the table."
        )


def _is_blank(column: Column) -> bool:
    numbers = sheets.read_numbers(column)
    return numbers is not None and not numbers.bad.any() and not numbers.n_numbers


def _refuse_unknown(options: TableOptions, sheet: Sheet) -> None:
    known = [*sheet.names, *([sheet.index.name] if sheet.index else [])]
    problems = [
        f"{setting} names {name!r}{_suggestion(name, known)}"
        for setting in ("time", "leave", "columns")
        for name in getattr(options, setting) or ()
        if name not in known
    ]
    if problems:
        listed = ", ".join(name for name in known if name)
        raise InputError(f"No such column: {'; '.join(problems)}. The table has {listed}.")


def _suggestion(name: str, known: Sequence[str]) -> str:
    lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), lower, n=1)
    return f" (did you mean {lower[close[0]]!r}?)" if close else ""


# --- time ---------------------------------------------------------------------------------------------------


def _with_time(
    sheet: Sheet, columns: list[Column], options: TableOptions
) -> tuple[Sheet, list[Column], TimeAxis | None, tuple[str, ...]]:
    """The stamps; rows at the end of a CSV file that hold nothing, not even a stamp, are set aside."""
    shorter = _without_empty_end(sheet, columns)
    if shorter is not None and options.time != ():
        cut_columns = [shorter.column(position) for position in range(len(columns))]
        axis = _time_axis(shorter, cut_columns, options)
        if axis is not None:
            n = sheet.n_rows - shorter.n_rows
            note = f"The last {n} rows of the file are empty and are left as they are."
            return shorter, cut_columns, axis, (*axis.notes, note)
    axis = _time_axis(sheet, columns, options)
    if axis is None and options.time is None:
        return sheet, columns, None, ("No time column was found: rows count as equally spaced.",)
    return sheet, columns, axis, axis.notes if axis else ()


def _without_empty_end(sheet: Sheet, columns: Sequence[Column]) -> CsvSheet | None:
    """The sheet without the rows of nothing but delimiters at its end, None when there are none."""
    if not isinstance(sheet, CsvSheet) or len(columns) < 2:
        return None
    n = 0
    while n < sheet.n_rows - 1 and not any(column.texts[-1 - n].as_py().strip() for column in columns):
        n += 1
    return CsvSheet(sheet.text.without_last(n)) if n else None


def _time_axis(sheet: Sheet, columns: Sequence[Column], options: TableOptions) -> TimeAxis | None:
    if options.time == ():
        return None
    if options.time is not None:
        return _chosen_axis(sheet, columns, options.time, options.time_format)
    free = [
        column if column.name not in (*options.leave, *(options.columns or ())) else _hidden(column)
        for column in columns
    ]
    axis = timestamps.find_time(free, options.time_format)
    if axis is None and options.time_format is not None and sheet.index is None:
        raise InputError(
            f"No column can be read with --time-format {options.time_format!r}. Name the time column too: "
            "`--time COLUMN`."
        )
    return axis if axis is not None or sheet.index is None else _index_axis(sheet.index)


def _hidden(column: Column) -> Column:
    return Column(name="", kind="other")


def _chosen_axis(sheet: Sheet, columns: Sequence[Column], names: Sequence[str], format: str | None) -> TimeAxis:
    by_name = {column.name: at for at, column in enumerate(columns)}
    if sheet.index is not None and tuple(names) == (sheet.index.name,) and names[0] not in by_name:
        return _index_axis(sheet.index)
    return timestamps.read_time(columns, [by_name[name] for name in names], format)


def _index_axis(index: Column) -> TimeAxis:
    return TimeAxis((), timestamps.whole_time(index), lambda time, like: {})


# --- roles --------------------------------------------------------------------------------------------------


def _find_decimal(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions
) -> tuple[str, tuple[str, ...]]:
    """The decimal mark of numbers written as text."""
    if options.decimal is not None:
        return options.decimal, ()
    taken = axis.columns if axis else ()
    texts = [
        column
        for at, column in enumerate(columns)
        if column.kind == "text" and at not in taken and column.name not in options.leave
    ]
    clear = [(column, found) for column in texts if (found := _first_match(column, _CLEAR_COMMA))]
    if clear:
        column, found = clear[0]
        return ",", (f"Numbers are read with a decimal comma (column {column.name!r}: {found!r}).",)
    unclear = [(column, found) for column in texts if (found := _first_match(column, _UNCLEAR_COMMA))]
    if unclear:
        column, found = unclear[0]
        raise InputError(
            f"Column {column.name!r} holds {found!r}, with a decimal comma or a mark for thousands. "
            "Say `--decimal ,` for the first; remove the marks from the table for the second."
        )
    return ".", ()


_CLEAR_COMMA = r"^\s*[+-]?(\d*,\d{1,2}|\d*,\d{4,}|0+,\d+|\d{4,},\d+)([eE][+-]?\d+)?\s*$"
_UNCLEAR_COMMA = r"^\s*[+-]?\d{1,3}(,\d{3})+\s*$"


def _first_match(column: Column, pattern: str) -> str | None:
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(column.texts, ",")).as_py():  # cheap, and nearly always the end of it
        return None
    found = pc.filter(column.texts, pc.fill_null(pc.match_substring_regex(column.texts, pattern), False))
    return str(found[0].as_py()) if len(found) else None


def _find_roles(columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, decimal: str) -> _Roles:
    roles = _Roles({})
    problems: list[str] = []
    passed: list[str] = []
    for at, column in enumerate(columns):
        if (axis and at in axis.columns) or not _is_wanted(column, options):
            continue
        numbers = sheets.read_numbers(column, options.missing, decimal)
        if numbers is None or (numbers.bad.any() and _is_text(numbers) and options.columns is None):
            passed += [column.name] if options.columns is None else []
            problems += [f"Column {column.name!r} holds no numbers."] if options.columns else []
        elif problem := _number_problem(column, numbers):
            problems.append(problem)
        elif column.name or numbers.n_numbers:
            roles.numbers[at] = numbers
    if problems:
        raise InputError(" ".join(problems[:_SHOWN]))
    _set_counters_aside(roles, columns, axis, options)
    if passed:
        roles.notes.append(f"Columns without numbers are passed through: {_listed(passed)}.")
    _refuse_nothing(roles, columns)
    roles.notes.extend(_unused_markers(columns, roles, options, decimal))
    return roles


def _is_wanted(column: Column, options: TableOptions) -> bool:
    if options.columns is not None:
        return column.name in options.columns
    return column.name not in options.leave


def _is_text(numbers: Numbers) -> bool:
    """Whether fewer than half of what a column holds are numbers."""
    return numbers.n_numbers < int(np.count_nonzero(numbers.bad))


def _number_problem(column: Column, numbers: Numbers) -> str | None:
    """What keeps a column from being filled, with the way out."""
    bad = np.flatnonzero(numbers.bad)
    if len(bad):
        texts = ", ".join(f"row {row + 1}: {column.texts[row].as_py()!r}" for row in bad[:_SHOWN].tolist())
        marker = column.texts[int(bad[0])].as_py().strip()
        return (
            f"Column {column.name!r} holds {numbers.n_numbers} numbers and {len(bad)} other texts ({texts}). "
            f"If they stand for missing values, give `--missing={marker}`; "
            f"to pass the column through, give `--leave {column.name!r}`."
        )
    infinite = np.flatnonzero(np.isinf(numbers.values))
    if len(infinite):
        return (
            f"Column {column.name!r} holds infinite values ({name_rows(infinite)}). "
            "To treat them as missing, give `--missing=inf --missing=-inf`; or mend them in the table."
        )
    return None


def _set_counters_aside(roles: _Roles, columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions) -> None:
    """Take row counters and calendar columns out of the value columns: they measure nothing."""
    if options.columns is not None:
        return
    counters = [at for at, numbers in roles.numbers.items() if _is_counter(columns, at, numbers)]
    calendar = [at for at, numbers in roles.numbers.items() if _is_calendar(columns[at], numbers, axis)]
    for found, what in ((counters, "counts the rows"), (calendar, "repeats a part of the time")):
        for at in found if len(found) < len(roles.numbers) else ():
            del roles.numbers[at]
            roles.notes.append(f"Column {columns[at].name!r} {what} and is left alone.")


def _is_counter(columns: Sequence[Column], at: int, numbers: Numbers) -> bool:
    """Whether a column counts 1, 2, 3 ..., or is a clock without a calendar (seconds since the start)."""
    name, values = columns[at].name, numbers.values
    steps = np.diff(values)
    if timestamps.is_time_name(name) and bool((steps > 0).all()):
        return True
    is_first = at == 0 or name.lower() in _COUNTER_NAMES or name.lower().startswith("unnamed:")
    return is_first and bool((steps == 1).all()) and bool(values[0] % 1 == 0)


def _is_calendar(column: Column, numbers: Numbers, axis: TimeAxis | None) -> bool:
    if axis is None or column.name.lower() not in timestamps.COMPONENTS:
        return False
    return bool(np.array_equal(numbers.values, timestamps.component(axis.time, column.name.lower())))


def _refuse_nothing(roles: _Roles, columns: Sequence[Column]) -> None:
    if not roles.numbers:
        listed = _listed([column.name for column in columns if column.name])
        raise InputError(
            f"No column to fill: beside time, text and columns left alone there are no numbers in {listed}. "
            "If numbers are there, check `--delimiter`, `--decimal` and `--columns`."
        )
    if not any(numbers.n_numbers for numbers in roles.numbers.values()):
        names = _listed([columns[at].name for at in roles.numbers])
        raise InputError(f"All cells of {names} are missing, so there is nothing to fill them from.")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 2 * _SHOWN} more" if len(names) > 2 * _SHOWN else ""
    return ", ".join(map(repr, names[: 2 * _SHOWN])) + more


def _unused_markers(columns: Sequence[Column], roles: _Roles, options: TableOptions, decimal: str) -> Iterator[str]:
    """A sentinel that occurs nowhere is often a slip."""
    if not options.missing:
        return
    plain = {at: sheets.read_numbers(columns[at], (), decimal) for at in roles.numbers}
    for marker in options.missing:
        if not any(_occurs(marker, columns[at], numbers) for at, numbers in plain.items()):
            yield f"The marker {marker!r} for missing values occurs in no value column."


def _occurs(marker: str, column: Column, numbers: Numbers | None) -> bool:
    import pyarrow.compute as pc

    number = sheets.as_number(marker)
    if number is not None and numbers is not None:
        stored = float(np.float32(number)) if column.single else number
        if bool((numbers.values == stored).any()):
            return True
    if column.kind != "text":
        return False
    trimmed = pc.utf8_lower(pc.utf8_trim_whitespace(column.texts))
    return bool(pc.any(pc.equal(trimmed, marker.strip().lower())).as_py())


# --- the series ---------------------------------------------------------------------------------------------


def _lay_out(
    columns: Sequence[Column], numbers: dict[int, Numbers], axis: TimeAxis | None, options: TableOptions
) -> tuple[Series, list[str]]:
    """The value columns in time order, on the regular grid where there is one."""
    values = np.column_stack([each.values for each in numbers.values()])
    names = tuple(columns[at].name or f"column {at + 1}" for at in numbers)
    if axis is None:
        if options.grid:
            raise InputError("There is no time column, so there is no grid to add rows from. Leave --grid out.")
        return Series(values, names, None, np.arange(len(values))), []
    _refuse_repeated(axis.time)
    notes = _order_notes(axis.time)
    laid, step = _find_grid(axis.time, options)
    if laid is None:
        rows = np.argsort(axis.time, kind="stable")
        regular = timestamps.regular_step(axis.time) is not None
        notes += [] if regular else ["The stamps follow no regular step; rows are taken in their order."]
        return Series(values[rows], names, axis.time[rows], rows, step), notes
    rows = np.full(len(laid.time), -1, dtype=np.int64)
    rows[laid.positions] = np.arange(len(values))
    on_grid = np.full((len(laid.time), values.shape[1]), np.nan)
    on_grid[laid.positions] = values
    notes += _added_notes(laid.time, rows, step, options.grid)
    return Series(on_grid, names, laid.time, rows, step), notes


def _refuse_repeated(time: TimeArray) -> None:
    unique, first, counts = np.unique(time, return_index=True, return_counts=True)
    if len(unique) == len(time):
        return
    repeated = np.flatnonzero(counts > 1)
    shown = "; ".join(
        f"{_stamp(unique[at])} in {name_rows(np.flatnonzero(time == unique[at]))}"
        for at in repeated[np.argsort(first[repeated])][:3]
    )
    raise InputError(
        f"{len(repeated)} stamps occur more than once: {shown}. Every row needs its own stamp: split a table "
        "that holds several series one below the other, remove doubled rows, or work by row number with "
        "`--time none`."
    )


def _stamp(moment: np.datetime64) -> str:
    """A stamp for a message, without needless zeros."""
    text = str(np.datetime_as_string(moment)).replace("T", " ")
    return text.removesuffix(".000000000").removesuffix(":00").removesuffix(" 00:00")


def _order_notes(time: TimeArray) -> list[str]:
    steps = np.diff(time).astype(np.int64)
    if (steps > 0).all():
        return []
    if (steps < 0).all():
        return ["The newest row comes first; rows are worked on in time order and written in their own."]
    back = np.flatnonzero(steps < 0) + 1
    return [f"Rows are not in time order ({name_rows(back)} go back); they are written in their own order."]


def _find_grid(time: TimeArray, options: TableOptions) -> tuple[Grid | None, np.timedelta64 | None]:
    """The regular grid when the work is to be done on it, and the step when the series will be regular."""
    step = timestamps.regular_step(time)
    laid = None if step is None else timestamps.grid(time, step)
    if laid is None:
        if options.grid:
            raise InputError(
                "The stamps lie on no regular grid (or on one with more than 20 steps for each row), so no "
                "rows can be added. Leave --grid out, or round the stamps."
            )
        return None, None
    complete = len(laid.time) == len(time)
    worth_it = options.grid or (options.regular and len(laid.time) <= MAX_ADDED * len(time))
    return (laid, step) if worth_it else (None, step if complete else None)


def _added_notes(time: TimeArray, rows: IntArray, step: np.timedelta64 | None, grid: bool) -> list[str]:
    added = np.flatnonzero(rows < 0)
    if not len(added) or step is None:
        return []
    shown = ", ".join(_stamp(moment) for moment in time[added[:_SHOWN]])
    more = " ..." if len(added) > _SHOWN else ""
    what = "they are added" if grid else "give --grid to add them"
    return [f"{len(added)} rows are missing from the grid of {_step_text(step)} ({shown}{more}); {what}."]


def _step_text(step: np.timedelta64) -> str:
    if np.datetime_data(step.dtype)[0] == "M":
        return f"{int(step.astype(np.int64))} months"
    nanoseconds = int(step.astype("timedelta64[ns]").astype(np.int64))
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1)):
        if nanoseconds % (size * 1_000_000_000) == 0:
            return f"{nanoseconds // (size * 1_000_000_000)} {unit}"
    return f"{nanoseconds / 1e9:g} seconds"


# --- undeclared sentinels -----------------------------------------------------------------------------------


def _suspicions(numbers: dict[int, Numbers], columns: Sequence[Column]) -> Iterator[str]:
    """Notes on values that look like markers for missing cells, one note per value."""
    values = {columns[at].name: each.values[~np.isnan(each.values)] for at, each in numbers.items()}
    first = {value for each in values.values() for value, _ in suspected_markers(each)}
    found: dict[float, dict[str, int]] = {}
    for name, each in values.items():
        for value, count in suspected_markers(each, frozenset(first)):  # what one column shows, others confirm
            found.setdefault(value, {})[name] = count
    for value, counts in found.items():
        listed = ", ".join(f"{name!r} {count} times" for name, count in list(counts.items())[:_SHOWN])
        more = f" and {len(counts) - _SHOWN} more columns" if len(counts) > _SHOWN else ""
        yield (
            f"{value:g} may stand for missing values in {listed}{more}: it lies far from the rest; "
            f"if so, give `--missing={value:g}`."
        )


def suspected_markers(values: FloatArray, known: frozenset[float] = frozenset()) -> Iterator[tuple[float, int]]:
    """Repeated values at the end of the range that lie far off all others, with how often they occur.

    `values` are the observed cells of one column; `known` are markers that other columns have shown.
    """
    if len(values) < 10:  # too few to say what is usual
        return
    for value in dict.fromkeys((float(values.min()), float(values.max()))):
        count = int(np.count_nonzero(values == value))
        rest = values[values != value]
        if value not in known and count < max(3, len(values) / 1000):
            continue
        if len(np.unique(rest[:10_000])) < 3 or not _may_be_marker(value, count / len(values)):
            continue
        sure = value in known and value != 0 and _is_code(value)
        odd = (value in known or _is_code(value)) and _is_odd_one_out(value, count, rest)
        if sure or odd or _lies_apart(value, rest):
            yield value, count


def _is_code(value: float) -> bool:
    """Values that loggers write for missing: 0, 99, 999 ..., -99 ..., and negative hundreds such as -200."""
    digits = f"{abs(value):g}"
    return value == 0 or (len(digits) > 1 and set(digits) == {"9"}) or (value < 0 and value % 100 == 0)


def _may_be_marker(value: float, share: float) -> bool:
    """A machine that is off shows 0 for a good part of the time; a true code may fill nearly all cells."""
    return share <= (0.2 if value == 0 else 1.0 if _is_code(value) else 0.5)


def _lies_apart(value: float, rest: FloatArray) -> bool:
    """Whether the nearest other value is farther away than the whole range of the rest, or nearly so."""
    gap = float(np.abs(rest - value).min())
    spread = float(rest.max() - rest.min())
    low, high = np.quantile(rest, (0.25, 0.75))
    return gap > spread or (gap > spread / 2 and gap > 10 * (high - low) > 0)


def _is_odd_one_out(value: float, count: int, rest: FloatArray) -> bool:
    """Whether a value lies beyond the usual range and outnumbers all others there; a long tail does not."""
    low, high = np.quantile(rest, (0.25, 0.75))
    margin = 1.5 * (high - low)
    beyond = rest < low - margin if value < low - margin else rest > high + margin
    is_beyond = value < low - margin or value > high + margin
    return bool(is_beyond and count > np.count_nonzero(beyond))


# --- writing ------------------------------------------------------------------------------------------------


def write_table(
    table: Table, filled: FloatArray, path: str | os.PathLike[str], *, precision: int | None = None
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
    """
    kind = sheets.file_kind(path)
    changes = _changes(table, filled, precision)
    if kind == "parquet":
        sheets.write_parquet(table.sheet.to_frame(changes), path)
    else:
        delimiter = "\t" if ".tsv" in Path(path).name.lower() else ","
        csv_text.write_bytes(path, table.sheet.to_csv(changes, delimiter))


def fill_frame(table: Table, filled: FloatArray, *, precision: int | None = None) -> Any:
    """The table as a frame of the kind that was read, filled; tables from files become pyarrow tables."""
    return table.sheet.to_frame(_changes(table, filled, precision))


def _changes(table: Table, filled: FloatArray, precision: int | None) -> Changes:
    series = table.series
    if filled.shape != series.values.shape:
        raise InputError(f"The filled values have shape {filled.shape}, but the series has {series.values.shape}.")
    if np.isinf(filled).any():
        raise InputError("The filled values hold infinities. Use NaN for cells to be left as they are.")
    order, steps = output_rows(table)
    missing = np.isnan(series.values[steps])
    estimates = filled[steps] if precision is None else np.round(filled[steps], precision)
    values = np.where(missing, estimates, series.values[steps])
    written = missing & ~np.isnan(estimates)
    fills = {
        at: _fill(table, at, column, values[:, column], written[:, column], precision)
        for column, at in enumerate(table.positions)
    }
    if not (order < 0).any():
        return Changes(order, fills)
    return _with_stamps(table, Changes(order, fills), steps)


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
        decimals = sheets.decimals_for(source.texts, _by_row(table.series, column), table.decimal)
    return Fill(values, cells, sheets.format_numbers(values[cells], max(decimals, 0), table.decimal))


def _by_row(series: Series, column: int) -> FloatArray:
    """One column of the series in the order of the table as read."""
    is_row = series.rows >= 0
    values = np.empty(int(is_row.sum()))
    values[series.rows[is_row]] = series.values[is_row, column]
    return values


def _with_stamps(table: Table, changes: Changes, steps: IntArray) -> Changes:
    """Add the time cells of the added rows, written like those of the row before."""
    assert table.axis is not None
    assert table.series.time is not None
    new = steps[changes.added]
    last_row = np.maximum.accumulate(np.where(table.series.rows >= 0, np.arange(len(table.series.rows)), 0))
    like = table.series.rows[last_row[new]]
    stamps = table.axis.write(table.series.time[new], like)
    index = None if table.axis.columns else table.series.time[steps]
    return Changes(changes.order, changes.fills, stamps, index)


def write_matrix(matrix: NDArray[np.integer], names: Sequence[str], path: str | os.PathLike[str]) -> None:
    """Whole numbers (rows, columns) as a CSV or Parquet file by its name, a header of `names` above them."""
    if sheets.file_kind(path) == "parquet":
        import pyarrow as pa

        sheets.write_parquet(pa.table({name: matrix[:, c] for c, name in enumerate(names)}), path)
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(matrix.tolist())
    csv_text.write_bytes(path, text.getvalue().encode())


def check_output_path(source: Any, output: str | os.PathLike[str], *, table: bool = True) -> None:
    """Refuse an output that cannot be written, or that would replace the input, before any work is done.

    `table`: the name must be that of a kind of table that can be written.
    """
    output = Path(output)
    if table:
        sheets.file_kind(output)
    folder = output.resolve().parent
    if output.is_dir():
        raise InputError(f"{output} is a folder. Give the path of a file to write.")
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder} to write {output.name} into. Make it first.")
    if not os.access(folder, os.W_OK):
        raise InputError(f"The folder {folder} cannot be written to. Choose another one.")
    is_file = isinstance(source, str | os.PathLike) and Path(source).exists()
    if is_file and output.exists() and os.path.samefile(source, output):
        raise InputError(f"{output} is the input file itself. Choose another output, so that it is kept.")
