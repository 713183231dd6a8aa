"""`Table`: a table as it was read, and the series to fill in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.numbers import PLAIN, NumberStyle
from latentfill.tables.backends.source import Source
from latentfill.tables.labels import with_known_labels
from latentfill.tables.pivot import Pivot
from latentfill.tables.time.axis import TimeAxis


class TextForm(NamedTuple):
    """How new cells of a column of texts are written."""

    decimals: int
    style: NumberStyle


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table as it was read, and the series to fill in it."""

    series: Series  # in time order, NaN where missing, and where a value may be a marker of a missing one
    as_read: FloatArray  # (T, C) the values of the series with those that may be markers
    notes: tuple[str, ...]  # sentences for the user on how the table was read
    source: Source  # the unchanged table
    positions: tuple[int, ...]  # position in the source, or in the pivot, of each of the C columns of the series
    axis: TimeAxis | None  # None if rows are counted
    grid: bool = False  # whether steps that the regular grid added become rows of the output
    style: NumberStyle = PLAIN  # how numbers are written in its texts
    time_columns: tuple[str, ...] = ()  # names of the columns that form the time stamp
    name: str | None = None  # name of the file without its ending; None for a data frame
    left_alone: Mapping[str, str] = field(default_factory=dict)  # columns that are not filled, each with the reason
    pivot: Pivot | None = None  # for a long table: the wide table that the series was read from, and its rows
    forms: Mapping[str, TextForm] = field(default_factory=dict)  # of new texts by column, where its cells do not tell

    @property
    def suspected(self) -> BoolArray:
        """Cells (T, C) whose values may be markers of missing ones: they are kept, and nothing is learnt from them."""
        return np.isnan(self.series.values) & ~np.isnan(self.as_read)

    def with_known_labels(self, known: Mapping[str, tuple[str, ...]]) -> Table:
        """The table with its labels numbered as those that a model knows, see `with_known_labels`."""
        series = with_known_labels(self.series, known)
        as_read = with_known_labels(replace(self.series, values=self.as_read), known).values
        return replace(self, series=series, as_read=as_read)

    def texts(self, c: int) -> TextArray | None:
        """The unchanged cells of column `c` of the series, one for each row it was read from; None if not text."""
        position = self.positions[c]
        return self.source.texts(position) if self.pivot is None else self.pivot.column(position).texts

    def filled_by(self, values: FloatArray) -> BoolArray:
        """Cells (T, C) that are missing as read and have an estimate in `values` (T, C)."""
        return np.isnan(self.as_read) & ~np.isnan(values)

    @property
    def filled_columns(self) -> tuple[str, ...]:
        """Names of the columns of the source that are filled."""
        return self.series.columns if self.pivot is None else (self.pivot.values.name,)

    @property
    def n_rows(self) -> int:
        """Number of rows as read."""
        return self.source.n_rows


class OutputRows(NamedTuple):
    """For each of the R rows of the filled table, its row in the source (or pivot) and its step in the series."""

    order: IntArray  # (R,) row of the source, -1 for an added row
    steps: IntArray  # (R,) step of the series


def output_rows(table: Table) -> OutputRows:
    """The rows of the filled table: all rows of the source in their order and, with `table.grid`, the added rows."""
    rows, steps = table.series.rows, table.series.step_of_row
    if not table.grid or (rows >= 0).all():
        return OutputRows(np.arange(len(steps)), steps)
    forward = np.diff(steps)
    if (forward > 0).all():
        return OutputRows(rows, np.arange(len(rows)))
    if (forward < 0).all():
        return OutputRows(rows[::-1], np.arange(len(rows))[::-1])
    added = np.flatnonzero(rows < 0)  # they come last: between unsorted rows, no place is right
    return OutputRows(np.concatenate([np.arange(len(steps)), rows[added]]), np.concatenate([steps, added]))
