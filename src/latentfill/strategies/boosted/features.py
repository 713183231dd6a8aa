"""The features of a cell: what the trees know about it.

Residuals and differences of estimates are in units of their spread, so that one tree serves short and long gaps. The
number of features does not grow with the number of columns, as only `partners` are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.strategies.boosted.trees import Float32Array
from latentfill.strategies.protocols.correction import FirstStage
from latentfill.windows.gaps import NearestObserved, nearest_observed

LEAST_SPREAD = 1e-6  # scaled units
LARGEST_FEATURE = 1e4
OWN_OFFSETS = (-3, -2, -1, 1, 2, 3)  # steps from the cell to residuals of its column
PARTNER_OFFSETS = (-1, 0, 1)  # steps from the cell to residuals of its partners
PAD = 3  # steps without residuals before and after each window
LOCAL = 24  # steps on either side over which residuals are averaged


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """M cells of N windows."""

    window: IntArray  # (M,)
    step: IntArray  # (M,)
    column: IntArray  # (M,)

    def take(self, index: IntArray | slice) -> Cells:
        """The cells at `index`."""
        return Cells(self.window[index], self.step[index], self.column[index])


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSource:
    """What the features of all cells of N windows are taken from; arrays are (N, L, C) unless stated."""

    first: FirstStage
    completed: FloatArray  # observed values, else the base
    residual: Float32Array  # (N, PAD + L + PAD, C) in units of their spread, NaN where missing
    partners: IntArray  # (C, J) columns looked at beside each column

    @classmethod
    def of(cls, first: FirstStage, partners: IntArray) -> Self:
        """From a first stage with arrays (N, L, C)."""
        ratio = np.where(first.observed, first.residual / np.maximum(first.spread, LEAST_SPREAD), np.nan)
        ratio = np.clip(ratio, -LARGEST_FEATURE, LARGEST_FEATURE).astype(np.float32)
        return cls(
            first=first,
            completed=np.where(first.observed, first.values, first.estimate),
            residual=np.pad(ratio, ((0, 0), (PAD, PAD), (0, 0)), constant_values=np.nan),
            partners=partners,
        )

    def features(self, cells: Cells) -> Float32Array:
        """The features (M, F) of M cells; NaN where there is none."""
        columns = np.unique(cells.column)
        chosen = [np.nonzero(cells.column == column)[0] for column in columns]
        parts = [self._of_column(cells.take(index), int(c)) for index, c in zip(chosen, columns, strict=True)]
        return np.concatenate(parts)[np.argsort(np.concatenate(chosen))]

    def _of_column(self, cells: Cells, column: int) -> Float32Array:
        """The features of cells of one column."""
        sides = nearest_observed(self.first.values[:, :, [column]])
        parts = (
            self._place(cells, sides),
            self._estimates(cells, sides),
            self._residuals(cells, sides),
            self._surroundings(cells, column),
            self._partners(cells),
        )
        whole = np.concatenate(parts, axis=1, dtype=np.float32, casting="same_kind")
        return np.clip(whole, -LARGEST_FEATURE, LARGEST_FEATURE)

    def _place(self, cells: Cells, sides: NearestObserved) -> FloatArray:
        """Spread, value, distances to observed cells and clock."""
        at = cells.window, cells.step
        back, ahead = sides.back[*at, 0], sides.ahead[*at, 0]
        own = [_spread(self.first, cells), self.first.estimate[*at, cells.column], back, ahead, back + ahead]
        return np.concatenate([np.stack(own, axis=1), self.first.clock[at]], axis=1)

    def _estimates(self, cells: Cells, sides: NearestObserved) -> FloatArray:
        """How far other estimates and the base at neighbouring steps are from the base, in units of the spread."""
        window, step, column = cells.window, cells.step, cells.column
        steps = self.completed.shape[1] - 1
        estimates = [estimate[window, step, 0] for estimate in (sides.line, sides.before, sides.after)]
        estimates += [estimate[window, step, column] for estimate in self.first.others]
        neighbours = [self.completed[window, np.clip(step + d, 0, steps), column] for d in (-1, 1)]
        difference = np.stack([*estimates, *neighbours], axis=1) - self.first.estimate[window, step, column, None]
        return np.asarray(difference / _spread(self.first, cells)[:, None])

    def _residuals(self, cells: Cells, sides: NearestObserved) -> FloatArray:
        """Residuals of the same column near the cell, and at the nearest observed cells."""
        window, step, column = cells.window, cells.step, cells.column
        last = self.residual.shape[1] - 1
        before = np.maximum(step - sides.back[window, step, 0] + PAD, 0)
        after = np.minimum(step + sides.ahead[window, step, 0] + PAD, last)
        near = [self.residual[window, step + PAD + d, column] for d in OWN_OFFSETS]
        return np.stack([*near, *(self.residual[window, side, column] for side in (before, after))], axis=1)

    def _surroundings(self, cells: Cells, column: int) -> FloatArray:
        """Mean of the column's residuals up to `LOCAL` steps before and after the cell, and root of that of squares."""
        ratio, at = self.residual[:, PAD:-PAD, column], (cells.window, cells.step)
        return np.stack([_local_mean(ratio)[at], np.sqrt(_local_mean(ratio**2))[at]], axis=1)

    def _partners(self, cells: Cells) -> FloatArray:
        """Residuals of the partner columns near the cell, and their values."""
        window, step, columns = cells.window[:, None], cells.step[:, None], self.partners[cells.column]
        near = [self.residual[window, step + PAD + d, columns] for d in PARTNER_OFFSETS]
        return np.concatenate([*near, self.completed[window, step, columns]], axis=1)


def _spread(first: FirstStage, cells: Cells) -> FloatArray:
    return np.asarray(np.maximum(first.spread[cells.window, cells.step, cells.column], LEAST_SPREAD))


def _local_mean(values: Float32Array) -> FloatArray:
    """Mean of `values` (N, L) over up to `LOCAL` steps before and after each cell; NaN where all are missing."""
    known = ~np.isnan(values)
    total, count = _local_sum(np.where(known, values, 0.0)), _local_sum(known.astype(float))
    mean: FloatArray = np.divide(total, count, out=np.full(values.shape, np.nan), where=count > 0)
    return mean


def _local_sum(values: FloatArray) -> FloatArray:
    """Sums of `values` (N, L) over up to `LOCAL` steps before and after each cell."""
    length = values.shape[1]
    total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1, dtype=float)
    step = np.arange(length)
    return np.asarray(total[:, np.minimum(step + LOCAL + 1, length)] - total[:, np.maximum(step - LOCAL, 0)])
