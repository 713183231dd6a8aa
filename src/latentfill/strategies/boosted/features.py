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
    sides: NearestObserved
    completed: FloatArray  # observed values, else the base
    residual: FloatArray  # (N, PAD + L + PAD, C) in units of their spread, NaN where missing
    local_mean: FloatArray  # mean of the residuals of up to `LOCAL` steps before and after
    local_size: FloatArray  # root of the mean of their squares
    partners: IntArray  # (C, J) columns looked at beside each column

    @classmethod
    def of(cls, first: FirstStage, partners: IntArray) -> Self:
        """From a first stage with arrays (N, L, C)."""
        ratio = np.where(first.observed, first.residual / np.maximum(first.spread, LEAST_SPREAD), np.nan)
        ratio = np.clip(ratio, -LARGEST_FEATURE, LARGEST_FEATURE).astype(np.float32)
        return cls(
            first=first,
            sides=nearest_observed(first.values),
            completed=np.where(first.observed, first.values, first.estimate),
            residual=np.pad(ratio, ((0, 0), (PAD, PAD), (0, 0)), constant_values=np.nan),
            local_mean=_local_mean(ratio),
            local_size=np.sqrt(_local_mean(ratio**2)),
            partners=partners,
        )

    def features(self, cells: Cells) -> Float32Array:
        """The features (M, F) of M cells; NaN where there is none."""
        parts = (self._place(cells), self._estimates(cells), self._residuals(cells), self._partners(cells))
        whole = np.concatenate(parts, axis=1, dtype=np.float32, casting="same_kind")
        return np.clip(whole, -LARGEST_FEATURE, LARGEST_FEATURE)

    def _place(self, cells: Cells) -> FloatArray:
        """Spread, value, distances to observed cells and clock."""
        at = cells.window, cells.step, cells.column
        back, ahead = self.sides.back[at], self.sides.ahead[at]
        own = np.stack([_spread(self.first, cells), self.first.estimate[at], back, ahead, back + ahead], axis=1)
        return np.concatenate([own, self.first.clock[cells.window, cells.step]], axis=1)

    def _estimates(self, cells: Cells) -> FloatArray:
        """How far other estimates and the base at neighbouring steps are from the base, in units of the spread."""
        window, step, column = cells.window, cells.step, cells.column
        steps = self.completed.shape[1] - 1
        sides = (self.sides.line, self.sides.before, self.sides.after, *self.first.others)
        estimates = [estimate[window, step, column] for estimate in sides]
        neighbours = [self.completed[window, np.clip(step + d, 0, steps), column] for d in (-1, 1)]
        difference = np.stack([*estimates, *neighbours], axis=1) - self.first.estimate[window, step, column, None]
        return np.asarray(difference / _spread(self.first, cells)[:, None])

    def _residuals(self, cells: Cells) -> FloatArray:
        """Residuals of the same column: near the cell, at the nearest observed cells, and their mean and size."""
        window, step, column = cells.window, cells.step, cells.column
        at = window, step, column
        last = self.residual.shape[1] - 1
        before = np.maximum(step - self.sides.back[at] + PAD, 0)
        after = np.minimum(step + self.sides.ahead[at] + PAD, last)
        near = [self.residual[window, step + PAD + d, column] for d in OWN_OFFSETS]
        nearest = [self.residual[window, side, column] for side in (before, after)]
        return np.stack([*near, *nearest, self.local_mean[at], self.local_size[at]], axis=1)

    def _partners(self, cells: Cells) -> FloatArray:
        """Residuals of the partner columns near the cell, and their values."""
        window, step, columns = cells.window[:, None], cells.step[:, None], self.partners[cells.column]
        near = [self.residual[window, step + PAD + d, columns] for d in PARTNER_OFFSETS]
        return np.concatenate([*near, self.completed[window, step, columns]], axis=1)


def _spread(first: FirstStage, cells: Cells) -> FloatArray:
    return np.asarray(np.maximum(first.spread[cells.window, cells.step, cells.column], LEAST_SPREAD))


def _local_mean(values: FloatArray) -> FloatArray:
    """Mean of `values` (N, L, C) over up to `LOCAL` steps before and after each cell; NaN where all are missing."""
    mean: FloatArray = np.full(values.shape, np.nan)
    for column in range(values.shape[2]):  # one after the other, as they are large
        of_column = values[:, :, column]
        total, count = (_local_sum(part) for part in (np.nan_to_num(of_column), ~np.isnan(of_column)))
        np.divide(total, count, out=mean[:, :, column], where=count > 0)
    return mean


def _local_sum(values: FloatArray) -> FloatArray:
    """Sums of `values` (N, L) over up to `LOCAL` steps before and after each cell."""
    length = values.shape[1]
    total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1, dtype=float)
    step = np.arange(length)
    return np.asarray(total[:, np.minimum(step + LOCAL + 1, length)] - total[:, np.maximum(step - LOCAL, 0)])
