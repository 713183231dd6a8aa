"""Columns of numbers that are not measurements: row counters, and columns that repeat a part of the time stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.numbers import Numbers
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.calendar import repeats_component
from latentfill.tables.time.names import is_time_name

_COUNTER_NAMES = ("", "no", "nr", "no.", "#", "n", "id", "idx", "index", "row", "rownum", "seq", "step", "t")


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
    reasons: dict[int, str] = {}
    for positions, reason in ((counters, "counts the rows"), (calendar, "repeats a part of the time")):
        new = [position for position in positions if position not in reasons]
        if len(reasons) + len(new) < len(numbers):
            reasons |= dict.fromkeys(new, reason)
    return reasons


def _is_counter(name: str, position: int, values: FloatArray) -> bool:
    """Whether a column counts rows (1, 2, 3 ...), or is named like a time and increases (seconds since the start)."""
    steps = np.diff(values)
    if is_time_name(name) and bool((steps > 0).all()):
        return True
    name = name.lower()
    may_count = position == 0 or name in _COUNTER_NAMES or name.startswith("unnamed:")
    return may_count and bool((steps == 1).all()) and bool(values[0] % 1 == 0)
