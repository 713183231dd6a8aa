"""Which columns of a table are filled, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, name_columns, name_rows
from latentfill.tables.backends.column import Column, Numbers, equals_marker, read_numbers
from latentfill.tables.options import TableOptions
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.calendar import COMPONENTS, component
from latentfill.tables.time.detection import is_time_name

MOST = 1e302  # sums over a column must stay finite
_COUNTER_NAMES = ("", "no", "nr", "no.", "#", "n", "id", "idx", "index", "row", "rownum", "seq", "step", "t")


@dataclass(frozen=True, slots=True, eq=False)
class ValueColumns:
    """Which columns are filled, and what was noticed on the way."""

    numbers: dict[int, Numbers]  # value columns by position
    notes: tuple[str, ...]


def find_value_columns(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, decimal: str
) -> ValueColumns:
    """The value columns: numbers that are neither time, nor left alone, nor a row counter."""
    numbers, passed = _read_values(columns, axis, options, decimal)
    notes = [] if options.columns is not None else _set_counters_aside(numbers, columns, axis)
    if passed:
        notes.append(f"Columns without numbers are passed through: {name_columns(passed)}.")
    _refuse_nothing(numbers, columns)
    notes += _unused_markers([columns[at] for at in numbers], options.missing, decimal)
    return ValueColumns(numbers, tuple(notes))


def _read_values(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, decimal: str
) -> tuple[dict[int, Numbers], list[str]]:
    """The columns that can be filled, and the names of those without numbers that nobody asked for."""
    values: dict[int, Numbers] = {}
    passed: list[str] = []
    problems: list[str] = []
    for at, column in enumerate(columns):
        if (axis and at in axis.columns) or not _is_wanted(column, options):
            continue
        numbers = read_numbers(column, options.missing, decimal)
        if options.columns is None and (numbers is None or _is_text(numbers)):
            passed.append(column.name)
        elif numbers is None:
            problems.append(f"Column {column.name!r} holds no numbers.")
        elif problem := _number_problem(column, numbers):
            problems.append(problem)
        elif column.name or numbers.n_numbers:
            values[at] = numbers
    if problems:
        raise InputError(" ".join(problems[:SHOWN]))
    return values, passed


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
        texts = ", ".join(f"row {row + 1}: {column.texts[row].as_py()!r}" for row in bad[:SHOWN].tolist())
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
            "To treat them as missing, give `--missing=inf,-inf`; or mend them in the table."
        )
    too_large = np.flatnonzero(np.abs(numbers.values) > MOST)
    if len(too_large):
        return (
            f"Column {column.name!r} holds values beyond {MOST:g} ({name_rows(too_large)}), too large to reckon with. "
            f"Rescale the column, or pass it through with `--leave {column.name!r}`."
        )
    return None


# --- counters -----------------------------------------------------------------------------------------------


def _set_counters_aside(numbers: dict[int, Numbers], columns: Sequence[Column], axis: TimeAxis | None) -> list[str]:
    """Take row counters and calendar columns out of the value columns: they measure nothing."""
    counters = [at for at, each in numbers.items() if _is_counter(columns[at], at, each)]
    calendar = [at for at, each in numbers.items() if _is_calendar(columns[at], each, axis)]
    notes = []
    for found, what in ((counters, "counts the rows"), (calendar, "repeats a part of the time")):
        for at in found if len(found) < len(numbers) else ():
            del numbers[at]
            notes.append(f"Column {columns[at].name!r} {what} and is left alone.")
    return notes


def _is_counter(column: Column, at: int, numbers: Numbers) -> bool:
    """Whether a column counts 1, 2, 3 ..., or is a clock without a calendar (seconds since the start)."""
    steps = np.diff(numbers.values)
    if is_time_name(column.name) and bool((steps > 0).all()):
        return True
    name = column.name.lower()
    is_first = at == 0 or name in _COUNTER_NAMES or name.startswith("unnamed:")
    return is_first and bool((steps == 1).all()) and bool(numbers.values[0] % 1 == 0)


def _is_calendar(column: Column, numbers: Numbers, axis: TimeAxis | None) -> bool:
    name = column.name.lower()
    return axis is not None and name in COMPONENTS and np.array_equal(numbers.values, component(axis.time, name))


# --- refused and told ---------------------------------------------------------------------------------------


def _refuse_nothing(numbers: dict[int, Numbers], columns: Sequence[Column]) -> None:
    if not numbers:
        listed = name_columns([column.name for column in columns if column.name])
        raise InputError(
            f"No column to fill: beside time, text and columns left alone there are no numbers in {listed}. "
            "If numbers are there, check `--delimiter`, `--decimal` and `--columns`."
        )
    if not any(each.n_numbers for each in numbers.values()):
        names = name_columns([columns[at].name for at in numbers])
        raise InputError(f"All cells of {names} are missing, so there is nothing to fill them from.")


def _unused_markers(columns: Sequence[Column], missing: Sequence[str], decimal: str) -> Iterator[str]:
    """A sentinel that occurs nowhere is often a slip."""
    if not missing:
        return
    plain = [(column, read_numbers(column, (), decimal)) for column in columns]
    for marker in missing:
        if not any(_occurs(marker, column, numbers) for column, numbers in plain):
            yield f"The marker {marker!r} for missing values occurs in no value column."


def _occurs(marker: str, column: Column, numbers: Numbers | None) -> bool:
    import pyarrow.compute as pc

    if numbers is not None and equals_marker(numbers.values, marker, column.single).any():
        return True
    if column.kind != "text":
        return False
    trimmed = pc.utf8_lower(pc.utf8_trim_whitespace(column.texts))
    return bool(pc.any(pc.equal(trimmed, marker.strip().lower())).as_py())
