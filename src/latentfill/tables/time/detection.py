"""Detects the time columns of a table if the user names none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from latentfill.core.messages import listed
from latentfill.core.series import FloatArray
from latentfill.tables.backends.column import Column
from latentfill.tables.time.date_parts import find_parts
from latentfill.tables.time.decimal_years import is_decimal_name, may_be_clock
from latentfill.tables.time.formats import infer_clock, infer_format
from latentfill.tables.time.intervals import are_intervals
from latentfill.tables.time.layouts import SAMPLE, read_stamps
from latentfill.tables.time.names import is_clock_name, is_time_name
from latentfill.tables.time.number_stamps import spell_dates, unix_unit

_LEAST_DATES = 20  # rows in which dates as numbers are recognised without a name
_NEARLY_ALL = 0.9  # a column is a column of stamps if more than this share of its cells are stamps


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """The columns that form the time stamps of a table."""

    positions: tuple[int, ...]
    notes: tuple[str, ...]  # about choices that the user may want to change


def find_time_columns(columns: Sequence[Column], format: str | None) -> TimeColumns | None:
    """The columns that form the time stamps; None if there are none.

    Tried in this order: a column of stamps (if it has only dates, together with a column of times of day); two
    adjacent columns whose joined texts `format` can read; columns named year, month, day ...; a column of years with
    fractions.
    """
    usable = [position for position, column in enumerate(columns) if _may_be_time(column, format)]
    usable.sort(
        key=lambda position: not is_time_name(columns[position].name)
    )  # columns with names such as `time` first
    if usable:
        clock = _find_clock(columns, usable[0], format)
        if clock is not None:
            return _noted(columns, (usable[0], clock), "Time is read from columns")
        others = listed(columns[position].name for position in usable[1:])
        text = f"Columns {others} hold time stamps too; time is read from column"
        return _noted(columns, (usable[0],), text) if others else TimeColumns((usable[0],), ())
    if format is not None:
        pair = _find_pair(columns, format)
        return None if pair is None else _noted(columns, pair, "Time is read from columns")
    parts = tuple(find_parts(columns).values())
    if parts:
        return _noted(columns, parts, "Time is put together from columns")
    decimal = next((position for position, column in enumerate(columns) if may_be_clock(column)), None)
    return None if decimal is None else TimeColumns((decimal,), ())


def _noted(columns: Sequence[Column], positions: tuple[int, ...], text: str) -> TimeColumns:
    """Time columns with a note: `text`, followed by the names of the columns."""
    names = listed(columns[position].name for position in positions)
    return TimeColumns(positions, (f"{text} {names}.",))


# --- one column of stamps -----------------------------------------------------------------------------------


def _may_be_time(column: Column, format: str | None) -> bool:
    """Whether nearly all cells of a column are stamps; a column of plain numbers must also be named like a time."""
    if column.kind == "time":
        return True
    if is_decimal_name(column.name) and _are_numbers(column):
        return False
    if column.kind == "number":
        is_named = is_time_name(column.name) and (_spells_dates(column) or unix_unit(column) is not None)
        return is_named or _counts_days(column)
    sample = sample_of(column)
    if format is None and all(re.fullmatch(r"[+-]?\d*[.,]?\d*", text) for text in sample):
        is_named = is_time_name(column.name) and (_are_stamps(sample, None) or unix_unit(column) is not None)
        return is_named or _counts_days(column)
    return _are_stamps(sample, format) or (format is None and are_intervals(sample))


def _counts_days(column: Column) -> bool:
    """Whether a column without a name of time holds dates as numbers, such as 20160131, that never go back.

    They must pass from one month to the next, which other numbers do not.
    """
    numbers = column.numbers
    if numbers is None or numbers.bad.any() or len(numbers.values) < _LEAST_DATES:
        return False
    values = numbers.values
    is_long = np.isfinite(values).all() and values.min() >= 1e7 and (values % 1 == 0).all()
    if not is_long or (np.diff(values) < 0).any() or not spell_dates(values):
        return False
    months = np.unique(values // 10 ** (len(f"{values[0]:.0f}") - 6))
    return len(months) > 1


def _spells_dates(column: Column) -> bool:
    """Whether a column of numbers has dates such as 20160131."""
    assert column.numbers is not None
    values = column.numbers.values
    return spell_dates(values[np.isfinite(values)])


def sample_of(column: Column) -> list[str]:
    """Texts of a column that are not empty: its first `SAMPLE` rows, and rows spread over the whole column."""
    if column.texts is None:
        return []
    step = max(1, len(column.texts) // SAMPLE)
    rows = [*range(min(SAMPLE, len(column.texts))), *range(0, len(column.texts), step)]
    texts = [column.texts[row].as_py() for row in rows]
    return [text.strip() for text in texts if text and text.strip()]


def _are_stamps(texts: Sequence[str], format: str | None) -> bool:
    """Whether nearly all texts are stamps."""
    return bool(texts) and 1 - float(np.isnat(read_stamps(texts, format).time).mean()) > _NEARLY_ALL


# --- several columns ----------------------------------------------------------------------------------------


def _find_clock(columns: Sequence[Column], date: int, format: str | None) -> int | None:
    """Position of the column with the times of day for the dates at position `date`; None if there is none."""
    if format is not None or not _is_date_only(columns[date]):  # a given format reads the date column alone
        return None
    possible = [position for position in range(len(columns)) if position != date and _is_clock(columns[position])]
    if not _has_repeats(columns[date]):  # one row a day: numbers are no hours
        named = (position for position in possible if is_clock_name(columns[position].name))
        return next((position for position in named if not _are_numbers(columns[position])), None)
    distinct = {position: _count_pairs(columns[date], columns[position]) for position in possible}
    best = [position for position in possible if distinct[position] == max(distinct.values())]
    named_best = [position for position in best if is_clock_name(columns[position].name, whole=True)]
    return next(iter((*named_best, *best)), None)


def _are_numbers(column: Column) -> bool:
    """Whether a column holds nothing but plain numbers."""
    return column.numbers is not None and not column.numbers.bad.any()


def _count_pairs(date: Column, clock: Column) -> int:
    """How many different pairs two columns form."""
    return len(set(zip(_cells(date), _cells(clock), strict=True)))


def _cells(column: Column) -> list[object]:
    if column.texts is not None:
        return list(column.texts.to_pylist())
    if column.times is not None:
        return list(column.times.tolist())
    if column.whole is not None:
        return list(column.whole.tolist())
    return [] if column.numbers is None else list(column.numbers.values.tolist())


def _is_date_only(column: Column) -> bool:
    """Whether a column of stamps has no times of day."""
    if column.times is not None:
        return bool((column.times == column.times.astype("datetime64[D]")).all())
    if column.texts is None:
        return False
    formats = [infer_format(text, "dmy") for text in sample_of(column)]
    return all(format is not None and not re.search("%[HI]", format) for format in formats)


def _has_repeats(column: Column) -> bool:
    cells = _cells(column)
    return len(set(cells)) < len(cells)


def _is_clock(column: Column) -> bool:
    """Whether a column has times of day; plain numbers are hours only if the column has a name such as `hour`."""
    has_clock_name = is_clock_name(column.name)
    if column.kind == "number":
        assert column.numbers is not None
        return has_clock_name and _are_times_of_day(column.numbers.values)
    sample = sample_of(column)
    if sample and all(re.fullmatch(r"\d{1,4}", text) for text in sample):
        numbers = column.numbers
        return has_clock_name and numbers is not None and _are_times_of_day(numbers.values)
    if not sample or any(infer_clock(text) is None for text in sample):
        return False
    are_integers = all(re.fullmatch(r"\d{1,2}", text) for text in sample)
    are_decimals = all(re.fullmatch(r"\d{1,2}\.\d{2}", text) for text in sample)
    return has_clock_name or not (are_integers or are_decimals)


def _are_times_of_day(numbers: FloatArray) -> bool:
    """Whether numbers are hours, or hours and minutes such as 30 and 1230."""
    in_range = (numbers >= 0) & (numbers <= 2400) & (numbers % 1 == 0) & (numbers % 100 < 60)
    latest = numbers.max(initial=0)
    return bool(in_range.all()) and bool(latest <= 24 or latest >= 100)


def _find_pair(columns: Sequence[Column], format: str) -> tuple[int, int] | None:
    """Positions of two adjacent columns of text whose joined texts `format` can read; None if there are none."""
    texts = [position for position, column in enumerate(columns) if column.texts is not None]
    for first, second in pairwise(texts):
        pairs = zip(sample_of(columns[first]), sample_of(columns[second]), strict=False)
        if _are_stamps([f"{text} {next_text}" for text, next_text in pairs], format):
            return first, second
    return None
