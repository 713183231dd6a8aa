"""Recognises column names of dates, times and times of day."""

from __future__ import annotations

import re
from collections.abc import Collection

_TIME_NAMES = (
    "date",
    "time",
    "datetime",
    "timestamp",
    "stamp",
    "datum",
    "fecha",
    "ds",
    "epoch",
    "unix",
    "dt",
    "yyyymmdd",
    "yyyymm",
    "ymd",
    "ts",
)
_CLOCK_NAMES = (
    *("time", "hour", "hr", "hh", "hours", "clock", "timeofday", "hhmm", "utc", "gmt"),
    *("uhrzeit", "zeit", "hora", "heure", "tijd"),
)


def is_time_name(name: str) -> bool:
    """Whether a column name is about time, such as `date` or `Time [s]`."""
    return has_word(name, _TIME_NAMES)


def is_clock_name(name: str, *, whole: bool = False) -> bool:
    """Whether a column name is about the time of day, such as `Hour`; `whole`: and about nothing else."""
    if whole:
        return all(word in _CLOCK_NAMES for word in _words(name))
    return has_word(name, _CLOCK_NAMES)


def has_word(name: str, known: Collection[str]) -> bool:
    """Whether a name is one of the `known` words, or contains one of them as a separate word."""
    words = _words(name)
    return any(word in known for word in words) or "".join(words) in known


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
