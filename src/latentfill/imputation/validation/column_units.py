"""The columns of a table, and the scaled working columns that methods estimate instead of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.imputation.validation.cells import Cells
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.kind import Column, StepTimes
from latentfill.windows.scaling import ColumnScaler


@dataclass(frozen=True, eq=False)
class ColumnUnits:
    """Kinds and scales: how C columns of a table become W working columns in scaled units, and back."""

    kinds: ColumnKinds  # C
    scaler: ColumnScaler  # of the W working columns
    series: Series | None = None  # in units of the table, hidden cells included; None where it is not at hand

    @classmethod
    def plain(cls, scaler: ColumnScaler) -> ColumnUnits:
        """Columns that are worked on as they are."""
        return cls(ColumnKinds.plain(len(scaler.scale)), scaler)

    @cached_property
    def error_scale(self) -> FloatArray:
        """The unit of errors in each column, (C,), in units of the table."""
        return self.kinds.error_scale(self.scaler.scale)

    def are_amounts(self, cells: Cells) -> BoolArray:
        """Whether the errors of cells of the table are amounts, (M,), and not just right or wrong."""
        return np.array([kind.has_errors for kind in self.kinds.kinds], dtype=bool)[cells.column]

    def column(self, c: int, n_steps: int) -> Column | None:
        """Column `c` of the series, which may be followed by others, `n_steps` in all; None if it is not at hand."""
        if self.series is None or n_steps < self.series.n_steps:
            return None
        more, times = n_steps - self.series.n_steps, StepTimes.of(self.series)
        values = np.append(self.series.values[:, c], np.full(more, np.nan))
        after = np.arange(1, more + 1)
        return Column(values, StepTimes(*(np.append(each, each[-1] + after) for each in times)))

    def invert_at(self, scaled: FloatArray, column: IntArray) -> FloatArray:
        """Values (M,) of working cells in these working columns (M,), not scaled."""
        return self.scaler.invert_at(scaled, column)


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCells:
    """M cells of the columns of a table, and the rows of their working cells."""

    cells: Cells  # M, their gaps are those of the first working cell
    rows: IntArray  # (M, at most W) rows in the list of working cells; those of narrow columns are repeated

    @classmethod
    def of(cls, working: Cells, missing: BoolArray, kinds: ColumnKinds) -> ColumnCells:
        """The cells of a table that are `missing` (T, C), all of whose working cells are among `working`."""
        if kinds.are_plain:
            return cls(working, np.arange(len(working))[:, None])
        row_of = np.zeros(working.shape, dtype=np.int64)
        row_of[working.step, working.column] = np.arange(len(working))
        step, column = np.nonzero(missing)
        widths = np.array([kind.width for kind in kinds.kinds])
        offset = np.minimum(np.arange(widths.max())[None], widths[column][:, None] - 1)
        rows = row_of[step[:, None], kinds.first[column][:, None] + offset]
        return cls(working.take(rows[:, 0]).in_columns(column, missing.shape[1]), rows)

    def mean(self, values: FloatArray) -> FloatArray:
        """The means (M, ...) over the working cells of each cell, of values (N, ...)."""
        return values if self.rows.shape[1] == 1 and len(values) == len(self.rows) else values[self.rows].mean(axis=1)

    @property
    def lead(self) -> IntArray:
        """The row of the first working cell of each cell, (M,)."""
        return np.asarray(self.rows[:, 0])
