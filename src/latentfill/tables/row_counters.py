"""Columns of numbers that measure nothing: row counters, and parts of the time beside a stamp."""

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
    """What the columns do that measure nothing, by position; never all columns in `numbers`."""
    counters = [at for at, each in numbers.items() if _is_counter(columns[at].name, at, each.values)]
    calendar = [
        at
        for at, each in numbers.items()
        if axis is not None and repeats_component(each.values, axis.time, columns[at].name.lower())
    ]
    aside: dict[int, str] = {}
    for positions, what in ((counters, "counts the rows"), (calendar, "repeats a part of the time")):
        more = [at for at in positions if at not in aside]
        if len(aside) + len(more) < len(numbers):
            aside |= dict.fromkeys(more, what)
    return aside


def _is_counter(name: str, at: int, values: FloatArray) -> bool:
    """Whether a column counts 1, 2, 3 ..., or is a clock without a calendar (seconds since the start)."""
    steps = np.diff(values)
    if is_time_name(name) and bool((steps > 0).all()):
        return True
    name = name.lower()
    may_count = at == 0 or name in _COUNTER_NAMES or name.startswith("unnamed:")
    return may_count and bool((steps == 1).all()) and bool(values[0] % 1 == 0)
