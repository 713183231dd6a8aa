"""Selects the columns of a table that are filled, and says why other columns are not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted, name_columns, name_rows
from latentfill.core.series import FloatArray
from latentfill.tables.backends.arrow import mask_array
from latentfill.tables.backends.column import Column, read_values
from latentfill.tables.backends.numbers import Numbers, NumberStyle
from latentfill.tables.options import ANY, TableOptions
from latentfill.tables.row_counters import find_counters
from latentfill.tables.time.axis import TimeAxis

_SAMPLE = 1000  # texts that are tested to see whether they may be numbers
_LIKE_NUMBERS = re.compile(r"[^\w\s]{0,3}\s?[+-]?\d[\d.,'\s]*(?:\s?[^\d\s:/-]{1,6})?")  # 1.234,5 kW, no stamp
_WORDS = (  # that stand for missing values among numbers
    *("x", "xx", "xxx", "m", "nd", "n.d.", "n/d", "s/d", "k.a.", "n.v.", "bad", "bad input", "no data", "nodata"),
    *("void", "no value", "novalue", "not available", "unavailable", "unknown", "invalid", "error", "err", "fail"),
    *("failed", "fault", "offline", "no result", "not measured", "missing value", "calib", "calibration"),
)

LARGEST = 1e302  # largest absolute value; sums over a column stay finite


@dataclass(frozen=True, slots=True, eq=False)
class ValueColumns:
    """The C columns of a table that are filled."""

    positions: tuple[int, ...]
    names: tuple[str, ...]  # a name may be empty: pandas writes an unnamed index this way
    values: FloatArray  # (rows, C), NaN where missing
    notes: tuple[str, ...]  # about columns that are not filled, and markers that do not occur


def find_value_columns(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, style: NumberStyle
) -> ValueColumns:
    """The columns of numbers, without time columns, row counters and columns of `options.leave`.

    `style` is how numbers are written as text. Raises an `InputError` if there is no column to fill, or if a column
    cannot be filled.
    """
    numbers, without_numbers = _read_numbers(columns, axis, options, style)
    reasons = {} if options.columns is not None else find_counters(columns, numbers, axis)
    numbers = {position: each for position, each in numbers.items() if position not in reasons}
    _refuse_nothing_to_fill(numbers, columns)
    notes = list(_not_filled([(columns[position].name, reason) for position, reason in reasons.items()]))
    names = [column.name for column, n_numbers in without_numbers if not n_numbers]
    notes += [f"Columns without numbers are passed through: {name_columns(names)}."] if names else []
    notes += [
        f"Column {column.name!r} is not filled: it holds {counted(n_numbers, 'number')} among other texts."
        for column, n_numbers in without_numbers
        if n_numbers
    ]
    occurring = {columns[position].name: each.markers for position, each in numbers.items()}
    notes += _unused_markers(options, occurring)
    notes += _word_notes({columns[position].name: each for position, each in numbers.items()})
    return ValueColumns(
        positions=tuple(numbers),
        names=tuple(columns[position].name for position in numbers),
        values=np.column_stack([each.values for each in numbers.values()]),
        notes=tuple(notes),
    )


def _read_numbers(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, style: NumberStyle
) -> tuple[dict[int, Numbers], list[tuple[Column, int]]]:
    """The numbers of the columns that can be filled, by position; and columns of texts, each with how many numbers."""
    usable: dict[int, Numbers] = {}
    without_numbers: list[tuple[Column, int]] = []
    problems: list[str] = []
    for position, column in _selected(columns, axis, options):
        numbers = read_values(column, options.markers(column.name), style)
        if numbers is not None and numbers.n_numbers and numbers.bad.any():
            numbers = without_words(column, numbers)
        if options.columns is None and (numbers is None or _is_text(column, numbers)):
            without_numbers.append((column, numbers.n_numbers if numbers is not None else 0))
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


def _is_text(column: Column, numbers: Numbers) -> bool:
    """Whether less than half of the texts of a column are numbers, or look like numbers in a style that is not read."""
    n_bad = int(np.count_nonzero(numbers.bad))
    if numbers.n_numbers >= n_bad:
        return False
    assert column.texts is not None
    bad = column.texts.filter(mask_array(numbers.bad)).slice(0, _SAMPLE).to_pylist()
    like_numbers = sum(bool(_LIKE_NUMBERS.fullmatch(text.strip())) for text in bad) / len(bad)
    return 2 * (numbers.n_numbers + like_numbers * n_bad) < numbers.n_numbers + n_bad


def _not_filled(reasons: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A note with the columns that are no measurements, and what they are."""
    if reasons:
        by_reason: dict[str, list[str]] = {}
        for name, reason in reasons:
            by_reason.setdefault(reason, []).append(name)
        yield f"Not filled: {'; '.join(f'{name_columns(names)} ({reason})' for reason, names in by_reason.items())}."


def without_words(column: Column, numbers: Numbers) -> Numbers:
    """The numbers of a column, whose other texts are missing values if all are words such as `no data`."""
    assert column.texts is not None
    bad = column.texts.filter(mask_array(numbers.bad)).unique().to_pylist()
    words = frozenset(text.strip() for text in bad)
    if not all(word.lower() in _WORDS for word in words):
        return numbers
    return Numbers(numbers.values, np.zeros_like(numbers.bad), numbers.markers, words)


def _word_notes(numbers: Mapping[str, Numbers]) -> Iterator[str]:
    """A note for each word that is read as a missing value, with its columns."""
    columns: dict[str, list[str]] = {}
    for name, each in numbers.items():
        for word in each.words:
            columns.setdefault(word, []).append(name)
    for word, names in columns.items():
        yield f"The word {word!r} is read as a missing value in {name_columns(names)}."


def _unused_markers(options: TableOptions, occurring: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """A note for each marker that occurs nowhere, which often is a typing error."""
    for name, marker in options.markers_by_name():
        if name == ANY and not any(marker in markers for markers in occurring.values()):
            yield f"The marker {marker!r} for missing values occurs in no value column."
        elif name != ANY and marker not in occurring.get(name, frozenset()):
            yield f"The marker {marker!r} for missing values does not occur in column {name!r}."


# --- errors -------------------------------------------------------------------------------------------------


def _fill_problem(column: Column, numbers: Numbers) -> str | None:
    """A message that says why a column cannot be filled, and the way out; None if it can."""
    if numbers.bad.any():
        return _text_problem(column, numbers)
    infinite = np.flatnonzero(np.isinf(numbers.values))
    if len(infinite):
        return (
            f"Column {column.name!r} holds infinite values ({name_rows(column.rows_of(infinite))}). "
            "To treat them as missing, give `--missing=inf,-inf`; or correct them in the table."
        )
    too_large = np.flatnonzero(np.abs(numbers.values) > LARGEST)
    if len(too_large):
        return (
            f"Column {column.name!r} holds values beyond {LARGEST:g} ({name_rows(column.rows_of(too_large))}), too "
            f"large to calculate with. Rescale the column, or pass it through with `--leave {column.name!r}`."
        )
    return None


def _text_problem(column: Column, numbers: Numbers) -> str:
    assert column.texts is not None
    bad = np.flatnonzero(numbers.bad)
    shown = zip(column.rows_of(bad[:SHOWN]).tolist(), bad[:SHOWN].tolist(), strict=True)
    texts = ", ".join(f"row {row + 1}: {column.texts[cell].as_py()!r}" for row, cell in shown)
    first = column.texts[int(bad[0])].as_py().strip()
    problem = f"Column {column.name!r} holds {numbers.n_numbers} numbers and {len(bad)} other texts ({texts}). "
    leave = f"to pass the column through, give `--leave {column.name!r}`."
    if re.search(r"\d", first):
        signs = "".join(dict.fromkeys(re.sub(r"[\d.,+\s-]", "", first)))
        how = f"`--flags {shlex.quote(signs)}` for signs beside them" if signs else "--decimal or --thousands"
        return f"{problem}If they are numbers, say how they are written ({how}); {leave}"
    marker = shlex.quote(first if "," in column.name else f"{column.name}={first}")  # commas separate markers
    return f"{problem}If they stand for missing values, give `--missing {marker}`; {leave}"


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
