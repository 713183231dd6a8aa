"""Which columns of a table are its time, when the user names none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from latentfill.tables.backends.column import Column
from latentfill.tables.time.calendar import COMPONENTS, YEARS
from latentfill.tables.time.formats import infer_clock, infer_format
from latentfill.tables.time.layouts import SAMPLE, read_stamps
from latentfill.tables.time.names import is_clock_name, is_time_name
from latentfill.tables.time.number_stamps import spell_dates, unix_unit

_NEARLY_ALL = 0.9  # share of stamps above which a column is one of stamps


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """The columns that make the stamps of a table."""

    positions: tuple[int, ...]
    notes: tuple[str, ...]  # on a choice that the user may want to change


def find_time_columns(columns: Sequence[Column], format: str | None) -> TimeColumns | None:
    """The columns that make the stamps, None when there are none.

    Tried in this order: a column of stamps, with a column of times of day beside a column of mere dates; two
    adjacent columns that `format` reads when joined; columns named year, month, day ...
    """
    usable = [at for at, column in enumerate(columns) if _may_be_time(column, format)]
    usable.sort(key=lambda at: not is_time_name(columns[at].name))  # stable: first in order otherwise
    if usable:
        clock = _clock_beside(columns, usable[0], format)
        if clock is not None:
            return _noted(columns, (usable[0], clock), "Time is read from columns")
        others = ", ".join(repr(columns[at].name) for at in usable[1:])
        text = f"Columns {others} hold stamps too; time is read from column"
        return _noted(columns, (usable[0],), text) if others else TimeColumns((usable[0],), ())
    if format is not None:
        pair = _pair_for(columns, format)
        return None if pair is None else _noted(columns, pair, "Time is read from columns")
    parts = _calendar_columns(columns)
    return _noted(columns, parts, "Time is put together from columns") if parts else None


def _noted(columns: Sequence[Column], positions: tuple[int, ...], text: str) -> TimeColumns:
    names = ", ".join(repr(columns[at].name) for at in positions)
    return TimeColumns(positions, (f"{text} {names}.",))


# --- one column of stamps -----------------------------------------------------------------------------------


def _may_be_time(column: Column, format: str | None) -> bool:
    """Whether nearly all cells of a column are stamps; a column of bare numbers must also be named like a time."""
    if column.kind == "time":
        return True
    if column.kind == "number":
        return is_time_name(column.name) and (_spells_dates(column) or unix_unit(column) is not None)
    sample = _sample(column)
    if format is None and all(re.fullmatch(r"[+-]?\d*[.,]?\d*", text) for text in sample):
        return is_time_name(column.name) and (_are_stamps(sample, None) or unix_unit(column) is not None)
    return _are_stamps(sample, format)


def _spells_dates(column: Column) -> bool:
    assert column.numbers is not None
    values = column.numbers.values
    return spell_dates(values[np.isfinite(values)])


def _sample(column: Column) -> list[str]:
    """Texts of a column that are not empty, its first ones and some from all over it; nothing if it has no texts."""
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


def _clock_beside(columns: Sequence[Column], date: int, format: str | None) -> int | None:
    """The column with the time of day that belongs to a column of dates."""
    if format is not None or not _is_date_only(columns[date]):  # a format fits the date column alone
        return None
    possible = [at for at in range(len(columns)) if at != date and _is_clock(columns[at])]
    named = [at for at in possible if is_clock_name(columns[at].name)]
    if named:
        return named[0]
    return possible[0] if possible and _has_repeats(columns[date]) else None


def _is_date_only(column: Column) -> bool:
    if column.times is not None:
        return bool((column.times == column.times.astype("datetime64[D]")).all())
    if column.texts is None:
        return False
    formats = [infer_format(text, "dmy") for text in _sample(column)]
    return all(format is not None and not re.search("%[HI]", format) for format in formats)


def _has_repeats(column: Column) -> bool:
    cells = column.times if column.texts is None else column.texts.to_pylist()
    assert cells is not None
    return len(set(cells)) < len(cells)


def _is_clock(column: Column) -> bool:
    """Whether a column holds times of day; bare numbers count as hours only under a name such as `hour`."""
    named = is_clock_name(column.name)
    if column.kind == "number":
        assert column.numbers is not None
        hours = column.numbers.values
        return named and bool(np.all((hours >= 0) & (hours <= 24) & (hours % 1 == 0)))
    sample = _sample(column)
    if not sample or any(infer_clock(text) is None for text in sample):
        return False
    bare = all(re.fullmatch(r"\d{1,2}", text) for text in sample)
    numbers = all(re.fullmatch(r"\d{1,2}\.\d{2}", text) for text in sample)
    return named or not (bare or numbers)


def _pair_for(columns: Sequence[Column], format: str) -> tuple[int, int] | None:
    """Two adjacent columns that a given format reads when joined."""
    texts = [at for at, column in enumerate(columns) if column.texts is not None]
    for first, second in pairwise(texts):
        pairs = zip(_sample(columns[first]), _sample(columns[second]), strict=False)
        if _are_stamps([f"{one} {two}" for one, two in pairs], format):
            return first, second
    return None


def _calendar_columns(columns: Sequence[Column]) -> tuple[int, ...]:
    """Columns named year, month, day ... as far as they go; a year alone only when it never repeats."""
    by_name = {column.name.lower(): at for at, column in reversed(list(enumerate(columns)))}
    parts: list[int] = []
    for name in COMPONENTS:
        if name not in by_name or columns[by_name[name]].numbers is None:
            break
        parts.append(by_name[name])
    years = columns[parts[0]].numbers if parts else None
    if years is None or not ((years.values >= YEARS[0]) & (years.values <= YEARS[1])).all():
        return ()
    is_alone_and_repeats = len(parts) == 1 and len(np.unique(years.values)) < len(years.values)
    return () if is_alone_and_repeats else tuple(parts)
