"""A table as read: where it came from, and the series to be filled in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentfill.core.series import IntArray, Series
from latentfill.tables.backends.source import Source
from latentfill.tables.time.axis import TimeAxis


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table as read, and the series to be filled in it."""

    series: Series  # in time order, NaN where missing
    notes: tuple[str, ...]  # for the user on how the table was understood, one sentence each
    source: Source  # the table as it was
    positions: tuple[int, ...]  # position in the source of each of the C columns of the series
    axis: TimeAxis | None
    grid: bool = False  # steps added by the regular grid are rows of the output
    decimal: str = "."
    time_columns: tuple[str, ...] = ()  # names of the columns that make the stamps
    name: str | None = None  # the file's name without its endings; None for a frame

    @property
    def n_rows(self) -> int:
        """Rows of the table as read."""
        return self.source.n_rows


class OutputRows(NamedTuple):
    """Where the R rows of the filled table come from."""

    order: IntArray  # (R,) row of the table as read, -1 where the grid added it
    steps: IntArray  # (R,) step of the series


def output_rows(table: Table) -> OutputRows:
    """The rows of the filled table: those of the table in their order, with `grid` also the added ones."""
    rows, steps = table.series.rows, table.series.step_of_row
    if not table.grid or (rows >= 0).all():
        return OutputRows(np.arange(len(steps)), steps)
    forward = np.diff(steps)
    if (forward > 0).all():
        return OutputRows(rows, np.arange(len(rows)))
    if (forward < 0).all():
        return OutputRows(rows[::-1], np.arange(len(rows))[::-1])
    added = np.flatnonzero(rows < 0)  # no place of their own between unsorted rows: at the end
    return OutputRows(np.concatenate([np.arange(len(steps)), rows[added]]), np.concatenate([steps, added]))
