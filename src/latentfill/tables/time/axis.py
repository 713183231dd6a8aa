"""The stamps of a table, and how the cells of its time columns are written for new stamps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import counted, name_rows
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import StampCells

# New stamps, and for each the row that it is to be written like -> new cells by position of the time column.
StampWriter: TypeAlias = Callable[[TimeArray, IntArray], dict[int, StampCells]]


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """The stamps of a table, the columns they come from, and how those columns are written."""

    columns: tuple[int, ...]  # positions; none for a time index
    time: TimeArray  # (rows,) in UTC
    write: StampWriter
    notes: tuple[str, ...] = ()


def index_axis(index: Column) -> TimeAxis:
    """The stamps of a time index, which is no column of the table."""
    return TimeAxis((), whole_times(index), lambda time, like: {})


def moments_axis(column: Column, at: int) -> TimeAxis:
    """The stamps of a column that holds moments, at position `at`."""
    return TimeAxis((at,), whole_times(column), lambda time, like: {at: time})


def whole_times(column: Column) -> TimeArray:
    """The moments that a column holds, one in every row."""
    assert column.times is not None
    refuse_empty(np.flatnonzero(np.isnat(column.times)), column.name)
    return column.times


def refuse_empty(rows: IntArray, column: str) -> None:
    """Refuse a time column that is empty in these rows."""
    if len(rows):
        raise InputError(
            f"Time column {column!r} is empty in {counted(len(rows), 'row')} ({name_rows(rows)}). Every row needs a "
            "stamp: correct or remove them, or work by row number with `--time none`."
        )
