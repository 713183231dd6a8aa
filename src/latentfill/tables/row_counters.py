"""Columns of numbers that are not measurements: row counters, parts of the time stamp, labels, quality flags."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.numbers import Numbers
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.calendar import repeats_component
from latentfill.tables.time.decimal_years import is_decimal_name
from latentfill.tables.time.names import is_time_name
from latentfill.tables.time.number_stamps import spell_dates

_COUNTER_NAMES = (
    *("", "no", "nr", "no.", "#", "n", "id", "idx", "index", "row", "rownum", "seq", "step", "t", "obs", "line"),
    *("record", "recnum", "rn", "rec", "recno", "rowid", "fid", "objectid", "counter", "sample"),
)
_LABELS = ("station", "stn", "sta", "site", "id", "wmo", "code", "usaf", "wban", "lat", "lon", "latitude", "longitude")
_FLAGS = ("qc", "qf", "quality", "flag", "flags", "qcflag")
_MOST_FLAGS = 10  # different values
_LEAST_STAMP = 1e7  # 8 digits
_MOSTLY = 0.9  # share of steps by one in a counter with missing rows
_UNITS = ("s", "sec", "seconds", "min", "minutes", "h", "hours", "days", "ms", "elapsed", "since", "start")


def find_counters(columns: Sequence[Column], numbers: Mapping[int, Numbers], axis: TimeAxis | None) -> dict[int, str]:
    """Columns that are not measurements, by position, each with the reason, such as "counts the rows".

    At least one column of `numbers` is never in the result, so that there is a column to fill.
    """
    counters = [
        position for position, each in numbers.items() if _is_counter(columns[position].name, position, each.values)
    ]
    calendar = [
        position
        for position, each in numbers.items()
        if axis is not None and repeats_component(each.values, axis.time, columns[position].name.lower())
    ]
    labels = [position for position, each in numbers.items() if _is_label(columns[position].name, each.values)]
    flags = [position for position, each in numbers.items() if _holds_flags(columns[position].name, each.values)]
    found = {
        "counts the rows": counters,
        "repeats a part of the time": calendar,
        "holds time stamps": [p for p, each in numbers.items() if _holds_stamps(columns[p].name, each.values)],
        "holds the time as years with fractions": [
            p for p, each in numbers.items() if _holds_decimal_years(columns[p].name, each.values)
        ],
        "the same label in all rows": labels,
        "holds quality flags": flags,
    }
    reasons: dict[int, str] = {}
    for reason, positions in found.items():
        new = [position for position in positions if position not in reasons]
        if len(reasons) + len(new) < len(numbers):
            reasons |= dict.fromkeys(new, reason)
    return reasons


def _is_counter(name: str, position: int, values: FloatArray) -> bool:
    """Whether a column counts rows (1, 2, 3 ...), or is named like a time and increases (seconds since the start)."""
    steps = np.diff(values)
    is_elapsed = is_time_name(name) and all(is_time_name(word) or word in _UNITS for word in _words(name))
    if is_elapsed and bool((steps > 0).all()):
        return True
    name = name.lower()
    is_named = name in _COUNTER_NAMES or name.startswith("unnamed:")
    by_one = steps == 1
    counts = by_one.all() or (is_named and (steps > 0).all() and by_one.mean() > _MOSTLY)  # some rows may be missing
    return (position == 0 or is_named) and bool(counts) and bool((values % 1 == 0).all())


def _holds_stamps(name: str, values: FloatArray) -> bool:
    """Whether a column named like a time holds dates as numbers, such as the end of each step."""
    known = values[~np.isnan(values)]
    is_long = len(known) > 0 and known.min() >= _LEAST_STAMP
    return is_long and is_time_name(name) and bool((known % 1 == 0).all()) and spell_dates(known)


def _holds_decimal_years(name: str, values: FloatArray) -> bool:
    """Whether a column named like `decimal date` holds nothing but years."""
    known = values[~np.isnan(values)]
    return is_decimal_name(name) and len(known) > 0 and bool(known.min() >= 1500 and known.max() < 2500)


def _is_label(name: str, values: FloatArray) -> bool:
    """Whether a column holds the same number in all rows and is named like one of a station or a place."""
    return any(word in _LABELS for word in _words(name)) and bool((values == values[0]).all())


def _holds_flags(name: str, values: FloatArray) -> bool:
    """Whether a column holds few whole numbers and is named like the flags of another one, such as `temp_qc`."""
    words = _words(name)
    is_named = any(word in _FLAGS for word in words) and (len(words) > 1 or words[0] not in ("flag", "flags"))
    known = np.unique(values[~np.isnan(values)])
    return is_named and len(known) <= _MOST_FLAGS and bool((known % 1 == 0).all())


def _words(name: str) -> list[str]:
    """The words of a name in lower case."""
    return re.findall(r"[a-z]+", name.lower())
