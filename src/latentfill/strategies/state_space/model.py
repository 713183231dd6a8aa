"""The whole-series model: a scale, factors that all columns follow, and blocks of autoregressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.strategies.protocols.series_strategy import Estimate
from latentfill.strategies.state_space.block import Block
from latentfill.strategies.state_space.column_scale import ColumnScale
from latentfill.strategies.state_space.factors import (
    FactorModel,
    common_variance,
    draw_series,
    filter_series,
    smooth_series,
)
from latentfill.strategies.state_space.smoothing import Smoothed

FARTHEST = 1e100  # most that a reading may differ from its column's mean cycle, so that squares stay finite
DRAWS_AT_ONCE = 8  # series that are drawn with one factorisation
PRIOR_READINGS = 4.0  # at the level of the series, to which the level of a window is shrunk
LEAST_CAVITY = 1e-3  # least share of a cell's precision that is left without its own reading


@dataclass(frozen=True, slots=True, eq=False)
class SeriesModel:
    """Factors, and blocks of autoregressions of what the factors leave, in the scale of the columns."""

    scale: ColumnScale
    factors: FactorModel | None
    blocks: tuple[Block, ...]
    order: IntArray  # (C,) the columns of the blocks, one block after the other
    own_levels: bool = False  # whether windows may lie at other levels than the series that was learnt from

    def estimate(self, values: FloatArray, clock: FloatArray) -> Estimate:
        """Estimates for a series (T, C) or windows (N, L, C), NaN where missing."""
        standard = self._standard(values, clock)
        level = window_levels(standard) if self.own_levels and standard.ndim == 3 else 0.0
        smoothed = self._smooth(standard - level)
        return self._of_readings(values, clock, smoothed._replace(mean=smoothed.mean + level))

    def estimate_past(self, values: FloatArray, clock: FloatArray) -> Estimate:
        """Like `estimate`, but no reading of a later step is used.

        A cell is estimated from earlier steps and the other columns of its step; the residual of a reading is its
        distance from that estimate. Scale, mean cycle and coefficients are those that were learnt, which may have seen
        later readings.
        """
        standard = self._standard(values, clock)
        return self._of_readings(values, clock, self._filter(standard))

    def draws(
        self, values: FloatArray, clock: FloatArray, rng: np.random.Generator, count: int
    ) -> Iterator[FloatArray]:
        """The series (T, C) with its missing cells drawn at random from their posterior, all at once, `count` times.

        Errors persist in time and across columns as they do in the model, so that sums over many draws have the right
        spread. Observed cells are unchanged.
        """
        for drawn in self._draws(self._standard(values, clock), rng, count):
            value, _ = self.scale.invert(drawn, np.zeros(drawn.shape), clock)
            yield np.where(np.isnan(values), value, values)

    def error_scores(
        self, values: FloatArray, clock: FloatArray, rng: np.random.Generator, count: int
    ) -> Iterator[FloatArray]:
        """The errors (T, C) of `draws`, in units of their standard deviations: standard normal in each missing cell."""
        standard = self._standard(values, clock)
        smoothed = self._smooth(standard)
        spread = np.sqrt(smoothed.variance + smoothed.noise)
        for drawn in self._draws(standard, rng, count):
            yield (drawn - smoothed.mean) / spread

    def _draws(self, standard: FloatArray, rng: np.random.Generator, count: int) -> Iterator[FloatArray]:
        """Readings (T, C) drawn from their posterior, in the scale of the columns."""
        common = self._common(standard)
        for first in range(0, count, DRAWS_AT_ONCE):
            drawn = self._draw_common(standard, rng, min(DRAWS_AT_ONCE, count - first))
            for block, columns in self._columns():
                deviations = common[:, columns] - drawn[..., columns]
                drawn[..., columns] += block.draw((standard - common)[:, columns], deviations, rng)
            yield from drawn

    def _draw_common(self, standard: FloatArray, rng: np.random.Generator, count: int) -> FloatArray:
        """What the columns share through the factors, drawn from its posterior: (count, T, C)."""
        if self.factors is None:
            return np.zeros((count, *standard.shape))
        return draw_series(self.factors, standard, rng, count) @ self.factors.loadings.T

    def _standard(self, values: FloatArray, clock: FloatArray) -> FloatArray:
        return np.clip(self.scale.apply(values, clock), -FARTHEST, FARTHEST)

    def _of_readings(self, values: FloatArray, clock: FloatArray, smoothed: Smoothed) -> Estimate:
        """Estimates of the readings, given the hidden columns."""
        mean, spread = self.scale.invert(smoothed.mean, smoothed.variance + smoothed.noise, clock)
        left_out = leave_one_out(smoothed, self._standard(values, clock))
        expected, spread_left_out = self.scale.invert(*left_out, clock)
        observed = ~np.isnan(values)
        return Estimate(
            values=mean,
            spread=np.where(observed, spread_left_out, spread),
            residual=np.where(observed, values - expected, 0.0),
        )

    def _smooth(self, standard: FloatArray) -> Smoothed:
        """The hidden columns of a series (T, C) or windows (N, L, C) given all readings."""
        common = self._common(standard)
        smoothed = self._by_blocks(Block.smooth, standard - common)
        if self.factors is None:
            return smoothed
        missing = np.isnan(standard)  # that the factors are uncertain matters little where a reading is known
        variance = np.where(missing, common_variance(self.factors, standard), 0.0)
        return smoothed._replace(mean=smoothed.mean + common, variance=smoothed.variance + variance)

    def _filter(self, standard: FloatArray) -> Smoothed:
        """The same, given the readings up to each step; the factors count as known."""
        common = 0.0 if self.factors is None else filter_series(self.factors, standard) @ self.factors.loadings.T
        filtered = self._by_blocks(Block.filter, standard - common)
        return filtered._replace(mean=filtered.mean + common)

    def _common(self, standard: FloatArray) -> FloatArray:
        """What the columns (..., L, C) share through the factors."""
        if self.factors is None:
            return np.broadcast_to(0.0, standard.shape)
        return smooth_series(self.factors, standard) @ self.factors.loadings.T

    def _by_blocks(self, smooth: Callable[[Block, FloatArray], Smoothed], standard: FloatArray) -> Smoothed:
        result = Smoothed(*(np.empty(standard.shape) for _ in Smoothed._fields))
        for block, columns in self._columns():
            for whole, part in zip(result, smooth(block, standard[..., columns]), strict=True):
                whole[..., columns] = part
        return result

    def _columns(self) -> Iterator[tuple[Block, IntArray]]:
        """The blocks, with the columns of each."""
        ends = np.cumsum([len(block.recurrence) for block in self.blocks])
        return zip(self.blocks, np.split(self.order, ends[:-1]), strict=True)


def window_levels(standard: FloatArray) -> FloatArray:
    """The level (N, 1, C) of each column in each window (N, L, C): the mean of its readings, shrunk to zero."""
    count = (~np.isnan(standard)).sum(axis=1, keepdims=True)
    return np.asarray(np.nansum(standard, axis=1, keepdims=True) / (count + PRIOR_READINGS))


def leave_one_out(smoothed: Smoothed, standard: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (..., C) of each reading, given all other readings; unchanged where nothing was read.

    The reading is taken out of the posterior of its hidden cell: precisions are subtracted.
    """
    weight = np.where(np.isnan(standard), 0.0, 1 / smoothed.noise)
    precision = 1 / smoothed.variance
    left = np.maximum(precision - weight, LEAST_CAVITY * precision)
    return smoothed.mean + np.nan_to_num(smoothed.mean - standard) * weight / left, 1 / left + smoothed.noise
