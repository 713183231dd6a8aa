"""Reads time stamps that are intervals, such as `01.01.2024 00:00 - 01.01.2024 01:00`, as their starts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from latentfill.core.messages import quoted
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import StampCells
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.formats import readable
from latentfill.tables.time.layouts import read_stamps
from latentfill.tables.time.stamp_column import parse_stamps, whole_texts

_MARKED = (re.compile(r"(.+?)(\s+(?:-|\u2013|to|bis)\s+)(.+)"), re.compile(r"([^/]+)(/)([^/]+)"))
_NEARLY_ALL = 0.9  # share of the cells


def are_intervals(texts: Sequence[str]) -> bool:
    """Whether nearly all texts are two stamps with a dash, a slash or a word between them."""
    found = [halves for text in texts if (halves := _divided(text)) is not None]
    if not found or len(found) < _NEARLY_ALL * len(texts):
        return False
    return all(np.isnat(read_stamps([each[at] for each in found]).time).mean() < 1 - _NEARLY_ALL for at in (0, 2))


def interval_axis(column: Column, position: int) -> TimeAxis:
    """The time axis of a column of intervals at this position: a step is where its interval starts."""
    halves = [_divided(text) or (text, " - ", text) for text in whole_texts(column).to_pylist()]
    starts = parse_stamps([half[0] for half in halves], column=column.name, rows=column.rows)
    format = readable(starts.format)
    ends = parse_stamps([half[2] for half in halves], format, column=column.name, rows=column.rows)
    mark = halves[0][1]

    def write(new: TimeArray, like: IntArray) -> dict[int, StampCells]:
        until = new + (ends.time - starts.time)[like]
        pairs = zip(starts.texts_for(new, like), ends.texts_for(until, like), strict=True)
        return {position: [mark.join(pair) for pair in pairs]}

    note = f"Time column {quoted(column.name)} holds intervals; their starts are the time."
    return TimeAxis((position,), starts.time, write, (*starts.notes, note), f"{format} (start of each interval)")


def _divided(text: str) -> tuple[str, str, str] | None:
    """The start of an interval, the mark, and its end; None if the text has no mark."""
    found = next((match for pattern in _MARKED if (match := pattern.fullmatch(text))), None)
    return None if found is None else (found[1], found[2], found[3])
