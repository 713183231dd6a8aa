"""The time columns of a table in which nobody has named them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from latentfill.tables.backends.column import Column, read_numbers
from latentfill.tables.time.axis import TimeAxis, as_texts, epoch_unit, read_axis, spell_dates
from latentfill.tables.time.calendar import COMPONENTS, YEARS
from latentfill.tables.time.formats import infer_clock, infer_format
from latentfill.tables.time.stamp_column import SAMPLE, read_stamps

_TIME_NAMES = ("date", "time", "datetime", "timestamp", "stamp", "datum", "fecha", "ds", "epoch", "unix", "dt")
_CLOCK_NAMES = (
    *("time", "hour", "hr", "hours", "clock", "timeofday"),
    *("uhrzeit", "zeit", "hora", "heure", "tijd"),
)
_MOST = 0.9  # share of stamps that makes a column one of stamps


def find_axis(columns: Sequence[Column], format: str | None) -> TimeAxis | None:
    """The stamps of a table nobody has named the time column of, None when there are none."""
    usable = [at for at, column in enumerate(columns) if _may_be_time(column, format)]
    usable.sort(key=lambda at: not is_time_name(columns[at].name))  # stable: first in order otherwise
    if usable:
        pair = _clock_partner(columns, usable[0], format)
        if pair is not None:
            return _noted(read_axis(columns, (usable[0], pair), format), columns, "Time is read from columns")
        return _note_choice(read_axis(columns, usable[:1], format), columns, usable)
    pair_by_format = _pair_for(columns, format)
    if pair_by_format is not None:
        return _noted(read_axis(columns, pair_by_format, format), columns, "Time is read from columns")
    parts = _calendar_columns(columns)
    if not parts or format is not None:
        return None
    return _noted(read_axis(columns, parts, None), columns, "Time is put together from columns")


def _noted(axis: TimeAxis, columns: Sequence[Column], text: str) -> TimeAxis:
    names = ", ".join(repr(columns[at].name) for at in axis.columns)
    return replace(axis, notes=(f"{text} {names}.", *axis.notes))


def _note_choice(axis: TimeAxis, columns: Sequence[Column], usable: Sequence[int]) -> TimeAxis:
    if len(usable) == 1:
        return axis
    others = ", ".join(repr(columns[at].name) for at in usable[1:])
    return _noted(axis, columns, f"Columns {others} hold stamps too; time is read from column")


# --- names --------------------------------------------------------------------------------------------------


def is_time_name(name: str) -> bool:
    """Whether a name speaks of time, such as `date` or `Time [s]`."""
    return _is_named(name, _TIME_NAMES)


def _is_named(name: str, known: Sequence[str]) -> bool:
    """Whether a name is one of the known ones or has one of them as a word."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    return any(word in known for word in words) or "".join(words) in known


# --- one column of stamps -----------------------------------------------------------------------------------


def _may_be_time(column: Column, format: str | None) -> bool:
    """Whether nearly all of a column are stamps; bare numbers need a telling name."""
    if column.kind == "time":
        return True
    named = is_time_name(column.name)
    if column.kind == "number":
        return named and (_is_compact(column) or epoch_unit(column) is not None)
    sample = _sample(column)
    if format is None and all(re.fullmatch(r"[+-]?\d*[.,]?\d*", text) for text in sample):
        return named and (_share_read(sample, None) > _MOST or epoch_unit(column) is not None)
    return _share_read(sample, format) > _MOST


def _is_compact(column: Column) -> bool:
    """Whether the numbers spell dates, as in 20160131."""
    assert column.numbers is not None
    return spell_dates(column.numbers[np.isfinite(column.numbers)])


def _sample(column: Column) -> list[str]:
    """Some of the texts of a column that are not empty, from all over it; none of a column of another kind."""
    if column.kind not in ("text", "category"):
        return []
    step = max(1, len(column.texts) // SAMPLE)
    rows = [*range(min(SAMPLE, len(column.texts))), *range(0, len(column.texts), step)]
    texts = [column.texts[row].as_py() for row in rows]
    return [text.strip() for text in texts if text and text.strip()]


def _share_read(texts: Sequence[str], format: str | None) -> float:
    return 1 - float(np.isnat(read_stamps(texts, format).time).mean()) if texts else 0.0


# --- several columns ----------------------------------------------------------------------------------------


def _clock_partner(columns: Sequence[Column], date: int, format: str | None) -> int | None:
    """The column with the time of day that belongs to a column of dates."""
    if format is not None or not _is_date_only(columns[date]):  # a format fits the date column alone
        return None
    candidates = [at for at in range(len(columns)) if at != date and _is_clock(columns[at])]
    named = [at for at in candidates if _is_named(columns[at].name, _CLOCK_NAMES)]
    if named:
        return named[0]
    dates = as_texts(columns[date]).to_pylist()
    return candidates[0] if candidates and len(set(dates)) < len(dates) else None


def _is_date_only(column: Column) -> bool:
    if column.kind == "time":
        assert column.times is not None
        return bool((column.times == column.times.astype("datetime64[D]")).all())
    if column.kind not in ("text", "category"):
        return False
    formats = [infer_format(text, "dmy") for text in _sample(column)]
    return all(format is not None and not re.search("%[HI]", format) for format in formats)


def _is_clock(column: Column) -> bool:
    """Whether a column holds times of day, or whole hours under a telling name."""
    named = _is_named(column.name, _CLOCK_NAMES)
    if column.kind == "number":
        assert column.numbers is not None
        return named and bool(np.all((column.numbers >= 0) & (column.numbers <= 24) & (column.numbers % 1 == 0)))
    sample = _sample(column)
    if not sample or any(infer_clock(text) is None for text in sample):
        return False
    bare = all(re.fullmatch(r"\d{1,2}", text) for text in sample)
    numbers = all(re.fullmatch(r"\d{1,2}\.\d{2}", text) for text in sample)
    return named or not (bare or numbers)


def _pair_for(columns: Sequence[Column], format: str | None) -> tuple[int, int] | None:
    """Two neighbouring columns that a given format reads when joined."""
    if format is None:
        return None
    texts = [at for at, column in enumerate(columns) if column.kind in ("text", "category")]
    for first, second in pairwise(texts):
        pairs = zip(_sample(columns[first]), _sample(columns[second]), strict=False)
        if _share_read([f"{one} {two}" for one, two in pairs], format) > _MOST:
            return first, second
    return None


def _calendar_columns(columns: Sequence[Column]) -> tuple[int, ...]:
    """Columns named year, month, day ...: a year alone only when it never repeats."""
    by_name = {column.name.lower(): at for at, column in reversed(list(enumerate(columns)))}
    found = []
    for name in COMPONENTS:
        if name not in by_name or read_numbers(columns[by_name[name]]) is None:
            break
        found.append(by_name[name])
    years = read_numbers(columns[found[0]]) if found else None
    if years is None or not ((years.values >= YEARS[0]) & (years.values <= YEARS[1])).all():
        return ()
    if len(found) == 1 and len(np.unique(years.values)) < len(years.values):
        return ()
    return tuple(found)
