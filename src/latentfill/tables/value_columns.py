"""Which columns of a table are filled, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, name_columns, name_rows
from latentfill.core.series import FloatArray
from latentfill.tables.backends.column import Column, read_values
from latentfill.tables.backends.numbers import Numbers
from latentfill.tables.options import TableOptions
from latentfill.tables.row_counters import find_counters
from latentfill.tables.time.axis import TimeAxis

MOST = 1e302  # sums over a column must stay finite


@dataclass(frozen=True, slots=True, eq=False)
class ValueColumns:
    """The C columns of a table that are filled."""

    positions: tuple[int, ...]
    names: tuple[str, ...]  # one may be empty, as that of an index written by pandas is
    values: FloatArray  # (rows, C), NaN where missing
    notes: tuple[str, ...]  # on columns set aside and markers that do not occur


def find_value_columns(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, decimal: str
) -> ValueColumns:
    """The value columns: numbers that are neither time, nor left alone, nor a row counter."""
    numbers, passed = _read_numbers(columns, axis, options, decimal)
    aside = {} if options.columns is not None else find_counters(columns, numbers, axis)
    numbers = {at: each for at, each in numbers.items() if at not in aside}
    _refuse_nothing(numbers, columns)
    notes = [f"Column {columns[at].name!r} {what} and is left alone." for at, what in aside.items()]
    if passed:
        notes.append(f"Columns without numbers are passed through: {name_columns(passed)}.")
    occurring = frozenset().union(*(each.markers for each in numbers.values()))
    unused = [marker for marker in options.missing if marker not in occurring]  # often a slip
    notes += [f"The marker {marker!r} for missing values occurs in no value column." for marker in unused]
    return ValueColumns(
        positions=tuple(numbers),
        names=tuple(columns[at].name for at in numbers),
        values=np.column_stack([each.values for each in numbers.values()]),
        notes=tuple(notes),
    )


def _read_numbers(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, decimal: str
) -> tuple[dict[int, Numbers], list[str]]:
    """The columns that can be filled, by position, and the names of columns without numbers, which are not filled."""
    usable: dict[int, Numbers] = {}
    passed: list[str] = []
    problems: list[str] = []
    for at, column in enumerate(columns):
        if (axis and at in axis.columns) or not _is_wanted(column, options):
            continue
        numbers = read_values(column, options.missing, decimal)
        if options.columns is None and (numbers is None or _is_text(numbers)):
            passed.append(column.name)
        elif numbers is None:
            problems.append(f"Column {column.name!r} holds no numbers.")
        elif problem := _problem(column, numbers):
            problems.append(problem)
        elif column.name or numbers.n_numbers:
            usable[at] = numbers
    if problems:
        raise InputError(" ".join(problems[:SHOWN]))
    return usable, passed


def _is_wanted(column: Column, options: TableOptions) -> bool:
    if options.columns is not None:
        return column.name in options.columns
    return column.name not in options.leave


def _is_text(numbers: Numbers) -> bool:
    """Whether fewer than half of what a column holds are numbers."""
    return numbers.n_numbers < int(np.count_nonzero(numbers.bad))


# --- refused ------------------------------------------------------------------------------------------------


def _problem(column: Column, numbers: Numbers) -> str | None:
    """What keeps a column from being filled, with the way out."""
    if numbers.bad.any():
        return _text_problem(column, numbers)
    infinite = np.flatnonzero(np.isinf(numbers.values))
    if len(infinite):
        return (
            f"Column {column.name!r} holds infinite values ({name_rows(infinite)}). "
            "To treat them as missing, give `--missing=inf,-inf`; or correct them in the table."
        )
    too_large = np.flatnonzero(np.abs(numbers.values) > MOST)
    if len(too_large):
        return (
            f"Column {column.name!r} holds values beyond {MOST:g} ({name_rows(too_large)}), too large to calculate "
            f"with. Rescale the column, or pass it through with `--leave {column.name!r}`."
        )
    return None


def _text_problem(column: Column, numbers: Numbers) -> str:
    assert column.texts is not None
    bad = np.flatnonzero(numbers.bad)
    texts = ", ".join(f"row {row + 1}: {column.texts[row].as_py()!r}" for row in bad[:SHOWN].tolist())
    marker = column.texts[int(bad[0])].as_py().strip()
    return (
        f"Column {column.name!r} holds {numbers.n_numbers} numbers and {len(bad)} other texts ({texts}). "
        f"If they stand for missing values, give `--missing={marker}`; "
        f"to pass the column through, give `--leave {column.name!r}`."
    )


def _refuse_nothing(numbers: Mapping[int, Numbers], columns: Sequence[Column]) -> None:
    if not numbers:
        names = name_columns([column.name for column in columns if column.name])
        raise InputError(
            f"No column to fill: beside time, text and columns left alone there are no numbers in {names}. "
            "If numbers are there, check `--delimiter`, `--decimal` and `--columns`."
        )
    if not any(each.n_numbers for each in numbers.values()):
        names = name_columns([columns[at].name for at in numbers])
        raise InputError(f"All cells of {names} are missing, so there is nothing to fill them from.")
