"""`TimeAxis`: the time stamps of a table, with a function that writes new time stamps in the same style."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import counted, quoted
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import StampCells

# (new stamps, for each a row whose style it gets) -> new cells by position of the time column
StampWriter: TypeAlias = Callable[[TimeArray, IntArray], dict[int, StampCells]]


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """The time stamps of a table, the columns that contain them, and how new cells of these columns are written."""

    columns: tuple[int, ...]  # positions of the time columns; empty for a time index
    time: TimeArray  # (rows,) in UTC
    write: StampWriter
    notes: tuple[str, ...] = ()  # for the user
    format: str | None = None  # of the stamps as strptime takes it, or in words; None: the cells are moments
    zones: tuple[str, ...] = ()  # of the stamps, each once; empty if they have none


def index_axis(index: Column) -> TimeAxis:
    """The time axis of a time index, which is not a column of the table."""
    return TimeAxis((), whole_times(index), _no_cells)


def moments_axis(column: Column, position: int) -> TimeAxis:
    """The time axis of a column of moments at this position."""
    return TimeAxis((position,), whole_times(column), partial(_moments_at, position))


def _no_cells(time: TimeArray, like: IntArray) -> dict[int, StampCells]:
    return {}


def _moments_at(position: int, time: TimeArray, like: IntArray) -> dict[int, StampCells]:
    return {position: time}


def whole_times(column: Column) -> TimeArray:
    """The moments of a column; an `InputError` if a row is empty."""
    assert column.times is not None
    refuse_empty(np.flatnonzero(np.isnat(column.times)), column)
    return column.times


def refuse_empty(rows: IntArray, column: Column) -> None:
    """Raise an `InputError` if there are any `rows`, in which the time column is empty."""
    if len(rows):
        raise InputError(
            f"Time column {quoted(column.name)} is empty in {counted(len(rows), 'row')} ({column.rows.listed(rows)}). "
            "Every "
            "row needs a time stamp: add it, remove the row, or count rows instead with `--time none`."
        )
