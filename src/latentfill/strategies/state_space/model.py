"""The whole-series model: a scale, factors that all columns follow, and blocks of autoregressions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.strategies.protocols.series_strategy import Estimate
from latentfill.strategies.state_space.block import Block
from latentfill.strategies.state_space.column_scale import ColumnScale
from latentfill.strategies.state_space.factors import FactorModel, smooth_series
from latentfill.strategies.state_space.smoothing import Smoothed

FARTHEST = 1e100  # most that a reading may differ from its column's mean cycle, so that squares stay finite
LEAST_CAVITY = 1e-3  # least share of a cell's precision that is left without its own reading


@dataclass(frozen=True, slots=True, eq=False)
class SeriesModel:
    """Factors, and blocks of autoregressions of what the factors leave, in the scale of the columns."""

    scale: ColumnScale
    factors: FactorModel | None
    blocks: tuple[Block, ...]
    order: IntArray  # (C,) the columns of the blocks, one block after the other

    def estimate(self, values: FloatArray, clock: FloatArray) -> Estimate:
        """Estimates for a series (T, C) or windows (N, L, C), NaN where missing."""
        standard = np.clip(self.scale.apply(values, clock), -FARTHEST, FARTHEST)
        common = self._common(standard)
        smoothed = self._smooth_blocks(standard - common)
        smoothed = smoothed._replace(mean=smoothed.mean + common)
        mean, spread = self.scale.invert(smoothed.mean, smoothed.variance + smoothed.noise, clock)
        left_out = leave_one_out(smoothed, standard)
        expected, spread_left_out = self.scale.invert(*left_out, clock)
        observed = ~np.isnan(values)
        return Estimate(
            values=mean,
            spread=np.where(observed, spread_left_out, spread),
            residual=np.where(observed, values - expected, 0.0),
        )

    def _common(self, standard: FloatArray) -> FloatArray | float:
        """What the columns (..., L, C) share through the factors."""
        return 0.0 if self.factors is None else smooth_series(self.factors, standard) @ self.factors.loadings.T

    def _smooth_blocks(self, standard: FloatArray) -> Smoothed:
        result = Smoothed(*(np.empty(standard.shape) for _ in Smoothed._fields))
        first = 0
        for block in self.blocks:
            columns = self.order[first : first + len(block.recurrence)]
            first += len(columns)
            for whole, part in zip(result, block.smooth(standard[..., columns]), strict=True):
                whole[..., columns] = part
        return result


def leave_one_out(smoothed: Smoothed, standard: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (..., C) of each reading, given all other readings; unchanged where nothing was read.

    The reading is taken out of the posterior of its hidden cell: precisions are subtracted.
    """
    weight = np.where(np.isnan(standard), 0.0, 1 / smoothed.noise)
    precision = 1 / smoothed.variance
    left = np.maximum(precision - weight, LEAST_CAVITY * precision)
    return smoothed.mean + np.nan_to_num(smoothed.mean - standard) * weight / left, 1 / left + smoothed.noise
