"""Selects the columns of a table that are filled, and says why other columns are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

LARGEST = 1e302  # largest absolute value; sums over a column stay finite


@dataclass(frozen=True, slots=True, eq=False)
class ValueColumns:
    """The C columns of a table that are filled."""

    positions: tuple[int, ...]
    names: tuple[str, ...]  # a name may be empty: pandas writes an unnamed index this way
    values: FloatArray  # (rows, C), NaN where missing
    notes: tuple[str, ...]  # about columns that are not filled, and markers that do not occur


def find_value_columns(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, decimal: str
) -> ValueColumns:
    """The columns of numbers, without time columns, row counters and columns of `options.leave`.

    `decimal` is the decimal mark of texts. Raises an `InputError` if there is no column to fill, or if a column cannot
    be filled.
    """
    numbers, without_numbers = _read_numbers(columns, axis, options, decimal)
    reasons = {} if options.columns is not None else find_counters(columns, numbers, axis)
    numbers = {position: each for position, each in numbers.items() if position not in reasons}
    _refuse_nothing_to_fill(numbers, columns)
    notes = [f"Column {columns[position].name!r} {reason} and is not filled." for position, reason in reasons.items()]
    if without_numbers:
        notes.append(f"Columns without numbers are passed through: {name_columns(without_numbers)}.")
    occurring = frozenset().union(*(each.markers for each in numbers.values()))
    unused = [marker for marker in options.missing if marker not in occurring]  # often a typing error
    notes += [f"The marker {marker!r} for missing values occurs in no value column." for marker in unused]
    return ValueColumns(
        positions=tuple(numbers),
        names=tuple(columns[position].name for position in numbers),
        values=np.column_stack([each.values for each in numbers.values()]),
        notes=tuple(notes),
    )


def _read_numbers(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, decimal: str
) -> tuple[dict[int, Numbers], list[str]]:
    """The numbers of the columns that can be filled, by position, and the names of columns without numbers."""
    usable: dict[int, Numbers] = {}
    without_numbers: list[str] = []
    problems: list[str] = []
    for position, column in _selected(columns, axis, options):
        numbers = read_values(column, options.missing, decimal)
        if options.columns is None and (numbers is None or _is_text(numbers)):
            without_numbers.append(column.name)
        elif numbers is None:
            problems.append(f"Column {column.name!r} holds no numbers.")
        elif problem := _fill_problem(column, numbers):
            problems.append(problem)
        elif column.name or numbers.n_numbers:
            usable[position] = numbers
    if problems:
        raise InputError(" ".join(problems[:SHOWN]))
    return usable, without_numbers


def _selected(columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions) -> Iterator[tuple[int, Column]]:
    """The columns that the options allow to fill, without time columns, each with its position."""
    wanted = None if options.columns is None else frozenset(options.columns)
    excluded = frozenset(options.leave)
    for position, column in enumerate(columns):
        is_selected = column.name not in excluded if wanted is None else column.name in wanted
        if is_selected and not (axis and position in axis.columns):
            yield position, column


def _is_text(numbers: Numbers) -> bool:
    """Whether a column has fewer numbers than other texts."""
    return numbers.n_numbers < int(np.count_nonzero(numbers.bad))


# --- errors -------------------------------------------------------------------------------------------------


def _fill_problem(column: Column, numbers: Numbers) -> str | None:
    """A message that says why a column cannot be filled, and the way out; None if it can."""
    if numbers.bad.any():
        return _text_problem(column, numbers)
    infinite = np.flatnonzero(np.isinf(numbers.values))
    if len(infinite):
        return (
            f"Column {column.name!r} holds infinite values ({name_rows(infinite)}). "
            "To treat them as missing, give `--missing=inf,-inf`; or correct them in the table."
        )
    too_large = np.flatnonzero(np.abs(numbers.values) > LARGEST)
    if len(too_large):
        return (
            f"Column {column.name!r} holds values beyond {LARGEST:g} ({name_rows(too_large)}), too large to calculate "
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


def _refuse_nothing_to_fill(numbers: Mapping[int, Numbers], columns: Sequence[Column]) -> None:
    """Raise an `InputError` if no column can be filled, or if all of their cells are missing."""
    if not numbers:
        names = name_columns([column.name for column in columns if column.name])
        raise InputError(
            f"No column to fill: {names} hold no numbers, or are time columns or columns of `--leave`. "
            "If one of them should be filled, check `--delimiter`, `--decimal` and `--columns`."
        )
    if not any(each.n_numbers for each in numbers.values()):
        names = name_columns([columns[position].name for position in numbers])
        raise InputError(f"All cells of {names} are missing, so there is nothing to fill them from.")
