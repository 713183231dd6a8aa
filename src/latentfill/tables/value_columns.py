"""Selects the columns of a table that are filled, and says why other columns are not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import LONGEST_VALUE, SHOWN, counted, name_columns, quoted
from latentfill.core.series import FloatArray
from latentfill.tables.backends.arrow import mask_array
from latentfill.tables.backends.column import Column, read_values
from latentfill.tables.backends.numbers import Numbers, NumberStyle
from latentfill.tables.backends.row_names import COUNTED, RowNames
from latentfill.tables.labels import Labelled, read_labels
from latentfill.tables.options import ANY, TableOptions
from latentfill.tables.row_counters import find_counters
from latentfill.tables.time.axis import TimeAxis

_SAMPLE = 1000  # texts that are tested to see whether they may be numbers
_LIKE_NUMBERS = re.compile(r"[^\w\s]{0,3}\s?[+-]?\d[\d.,'\s]*(?:\s?[^\d\s:/-]{1,6})?")  # 1.234,5 kW, no stamp
_MULTIPLIED = r"[+-]?\d[\d.,]*\s?[KMBTkm]"  # 5.96M
_MOST_MARKERS = 10  # in the flag of a message
_WORDS = (  # that stand for missing values among numbers
    *("x", "xx", "xxx", "m", "nd", "n.d.", "n/d", "s/d", "k.a.", "n.v.", "bad", "bad input", "no data", "nodata"),
    *("void", "no value", "novalue", "not available", "unavailable", "unknown", "invalid", "error", "err", "fail"),
    *("failed", "fault", "offline", "no result", "not measured", "missing value", "calib", "calibration"),
    *("n/e", "i/o timeout", "comm fail", "scan off", "scan timeout", "shutdown", "pt created", "configure"),
    *("not connect", "calc failed", "equip fail", "no sample", "under range", "over range", "invalid data"),
    *("bad output", "out of serv", "intf shut", "#bad", "ice", "eqp", "bkw", "mnt", "ssn", "dis", "fld", "***"),
)

LARGEST = 1e302  # largest absolute value; sums over a column stay finite


@dataclass(frozen=True, slots=True, eq=False)
class ValueColumns:
    """The C columns of a table that are filled."""

    positions: tuple[int, ...]
    names: tuple[str, ...]  # a name may be empty: pandas writes an unnamed index this way
    values: FloatArray  # (rows, C), NaN where missing
    notes: tuple[str, ...]  # about columns that are not filled, and markers that do not occur
    left_alone: Mapping[str, str] = field(default_factory=dict)  # columns that are not filled, each with the reason
    rows: RowNames = COUNTED  # what the rows are called in messages
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of columns whose values number their labels

    @property
    def only_numbers(self) -> FloatArray:
        """The values (rows, C), NaN in columns of labels."""
        return np.where([name in self.labels for name in self.names], np.nan, self.values)


def find_value_columns(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, style: NumberStyle
) -> ValueColumns:
    """The columns of numbers, and with `options.fill_text` those of labels.

    Time columns, row counters and columns of `options.leave` are left out.

    `style` is how numbers are written as text. Raises an `InputError` if there is no column to fill, or if a column
    cannot be filled.
    """
    labelled = _read_labels(columns, axis, options, style)
    numbers, without_numbers = read_numbers(columns, axis, options, style, labelled)
    reasons = {} if options.columns is not None else find_counters(columns, numbers, axis)
    numbers = {position: each for position, each in numbers.items() if position not in reasons}
    numbers |= {at: Numbers(each.values, np.zeros(len(each.values), dtype=bool)) for at, each in labelled.items()}
    numbers = dict(sorted(numbers.items()))
    _refuse_nothing_to_fill(numbers, columns)
    notes = list(_not_filled([(columns[position].name, reason) for position, reason in reasons.items()]))
    names = [column.name for column, n_numbers in without_numbers if not n_numbers]
    notes += [f"Columns without numbers are passed through: {name_columns(names)}."] if names else []
    notes += [
        f"Column {quoted(column.name)} is not filled: it {_text_reason(n_numbers)}."
        for column, n_numbers in without_numbers
        if n_numbers
    ]
    labels = {columns[position].name: each.labels for position, each in labelled.items()}
    occurring = {columns[position].name: each.markers for position, each in numbers.items()}
    notes += _unused_markers(options, occurring)
    notes += _word_notes({columns[position].name: each for position, each in numbers.items()})
    return ValueColumns(
        positions=tuple(numbers),
        names=tuple(columns[position].name for position in numbers),
        values=np.column_stack([each.values for each in numbers.values()]),
        notes=tuple(notes),
        left_alone={
            **_unselected(columns, axis, options),
            **{column.name: _text_reason(n_numbers) for column, n_numbers in without_numbers},
            **{columns[position].name: reason for position, reason in reasons.items()},
        },
        rows=columns[0].rows,
        labels=labels,
    )


def _read_labels(
    columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions, style: NumberStyle
) -> dict[int, Labelled]:
    """The columns of labels that are to be filled, by position."""
    labelled: dict[int, Labelled] = {}
    for position, column in _selected(columns, axis, options) if options.fill_text else ():
        markers = options.markers(column.name)
        numbers = read_values(column, markers, style)
        if numbers is None or (numbers.bad.any() and _is_text(column, numbers)):
            found = read_labels(column, markers, is_named=options.columns is not None)
            labelled |= {} if found is None else {position: found}
    return labelled


def read_numbers(
    columns: Sequence[Column],
    axis: TimeAxis | None,
    options: TableOptions,
    style: NumberStyle,
    without: Collection[int] = (),
) -> tuple[dict[int, Numbers], list[tuple[Column, int]]]:
    """The numbers of the columns that can be filled, by position; and columns of texts, each with how many numbers.

    Columns at the positions `without` are skipped. Raises an `InputError` if a column that must be filled cannot be.
    """
    usable: dict[int, Numbers] = {}
    without_numbers: list[tuple[Column, int]] = []
    unread: list[tuple[Column, Numbers]] = []
    problems: list[str] = []
    for position, column in _selected(columns, axis, options):
        if position in without:
            continue
        numbers = read_values(column, options.markers(column.name), style)
        if numbers is not None and numbers.n_numbers and numbers.bad.any():
            numbers = without_words(column, numbers)
        if options.columns is None and (numbers is None or _is_text(column, numbers)):
            without_numbers.append((column, numbers.n_numbers if numbers is not None else 0))
        elif numbers is None:
            problems.append(f"Column {quoted(column.name)} holds no numbers.")
        elif numbers.bad.any():
            unread.append((column, numbers))
        elif problem := _fill_problem(column, numbers):
            problems.append(problem)
        elif column.name or numbers.n_numbers:
            usable[position] = numbers
    signs = _signs(unread, style.flags)
    problems += [_text_problem(*each, signs) for each in unread]
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


def _unselected(columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions) -> dict[str, str]:
    """The columns that the options do not allow to fill, with the option."""
    used = {position for position, _ in _selected(columns, axis, options)} | set(axis.columns if axis else ())
    reason = "is in --leave" if options.columns is None else "is not in --columns"
    return {column.name: reason for position, column in enumerate(columns) if position not in used}


def _is_text(column: Column, numbers: Numbers) -> bool:
    """Whether less than half of the texts of a column are numbers, or look like numbers in a style that is not read."""
    n_bad = int(np.count_nonzero(numbers.bad))
    if numbers.n_numbers >= n_bad:
        return False
    assert column.texts is not None
    bad = column.texts.filter(mask_array(numbers.bad)).slice(0, _SAMPLE).to_pylist()
    like_numbers = sum(bool(_LIKE_NUMBERS.fullmatch(text.strip())) for text in bad) / len(bad)
    return 2 * (numbers.n_numbers + like_numbers * n_bad) < numbers.n_numbers + n_bad


def _text_reason(n_numbers: int) -> str:
    return f"holds {counted(n_numbers, 'number')} among other texts" if n_numbers else "holds no numbers"


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
        yield f"The word {quoted(word)} is read as a missing value in {name_columns(names)}."


def _unused_markers(options: TableOptions, occurring: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """A note for each marker that occurs nowhere, which often is a typing error."""
    for name, marker in options.markers_by_name():
        if name == ANY and not any(marker in markers for markers in occurring.values()):
            yield f"The marker {quoted(marker)} for missing values occurs in no value column."
        elif name != ANY and marker not in occurring.get(name, frozenset()):
            yield f"The marker {quoted(marker)} for missing values does not occur in column {quoted(name)}."


# --- errors -------------------------------------------------------------------------------------------------


def _fill_problem(column: Column, numbers: Numbers) -> str | None:
    """A message that says why a column cannot be filled, and the way out; None if it can."""
    infinite = np.flatnonzero(np.isinf(numbers.values))
    if len(infinite):
        return (
            f"Column {quoted(column.name)} holds infinite values ({column.rows.listed(infinite)}). "
            "To treat them as missing, give `--missing=inf,-inf`; or correct them in the table."
        )
    too_large = np.flatnonzero(np.abs(numbers.values) > LARGEST)
    if len(too_large):
        return (
            f"Column {quoted(column.name)} holds values beyond {LARGEST:g} ({column.rows.listed(too_large)}), too "
            "large to "
            f"calculate with. Rescale the column, or pass it through with `--leave {quoted(column.name)}`."
        )
    return None


def _signs(unread: Sequence[tuple[Column, Numbers]], known: str) -> str:
    """The `known` signs beside numbers, and those in columns that are not read, so that one flag names all."""
    firsts = (_first_unread(*each) for each in unread)
    like_numbers = (text for text in firsts if _LIKE_NUMBERS.fullmatch(text) and not re.fullmatch(_MULTIPLIED, text))
    return "".join(dict.fromkeys(known + "".join(re.sub(r"[\d.,+\s-]", "", text) for text in like_numbers)))


def _first_unread(column: Column, numbers: Numbers) -> str:
    """The first text of a column that is no number."""
    assert column.texts is not None
    return str(column.texts[int(np.argmax(numbers.bad))].as_py()).strip()


def _text_problem(column: Column, numbers: Numbers, signs: str) -> str:
    assert column.texts is not None
    bad = np.flatnonzero(numbers.bad)
    shown = bad[:SHOWN].tolist()
    texts = column.rows.with_cells({row: quoted(column.texts[row].as_py()) for row in shown})
    first = _first_unread(column, numbers)
    problem = f"Column {quoted(column.name)} holds {numbers.n_numbers} numbers and {len(bad)} other texts ({texts}). "
    leave = f"to pass the column through, give `--leave {quoted(column.name)}`."
    if re.fullmatch(_MULTIPLIED, first):
        return f"{problem}Letters that multiply numbers are not read: write the numbers out in the file, or {leave}"
    if _LIKE_NUMBERS.fullmatch(first):
        has_signs = bool(re.search(r"[^\d.,+\s-]", first))
        how = f"`--flags {shlex.quote(signs)}` for signs beside them" if has_signs else "--decimal or --thousands"
        return f"{problem}If they are numbers, say how they are written ({how}); {leave}"
    different = dict.fromkeys(text.strip() for text in column.texts.filter(mask_array(numbers.bad)).to_pylist())
    markers = [text for text in different if "," not in text and len(text) < LONGEST_VALUE]  # commas separate markers
    name = "" if "," in column.name else f"{column.name}="
    flag = shlex.quote(",".join(f"{name}{marker}" for marker in markers[:_MOST_MARKERS]) or "auto")
    return f"{problem}If they stand for missing values, give `--missing {flag}`; {leave}"


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
