"""The ranges that estimates and intervals are clipped to, by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.imputation.fitting.bounds import bounds_of
from latentfill.imputation.fitting.fitted import Fitted


@dataclass(frozen=True, slots=True, eq=False)
class ColumnRanges:
    """Observed range and user limits of each column, in original units."""

    low: FloatArray  # (C,) smallest observed value of the fitted series and the series to fill; NaN without any
    high: FloatArray  # (C,) largest observed value
    minimum: FloatArray  # (C,) the user's lower limit, minus infinity without one
    maximum: FloatArray  # (C,) the user's upper limit, infinity without one

    @classmethod
    def of(cls, fitted: Fitted, series: Series) -> ColumnRanges:
        """The ranges for filling `series` with a fitted model."""
        lower, upper = bounds_of(fitted.config, fitted.columns)
        after = (0, len(fitted.covariates))
        minimum, maximum = np.pad(lower, after, constant_values=-np.inf), np.pad(upper, after, constant_values=np.inf)
        low = np.fmin(fitted.scaler.low, np.fmin.reduce(series.values, axis=0))
        high = np.fmax(fitted.scaler.high, np.fmax.reduce(series.values, axis=0))
        return cls(low, high, minimum, maximum)

    def at(self, column: IntArray) -> ColumnRanges:
        """The ranges of the column of each of M cells, as arrays (M,)."""
        return ColumnRanges(self.low[column], self.high[column], self.minimum[column], self.maximum[column])

    def limit(self, estimate: FloatArray) -> FloatArray:
        """Estimates (..., C) clipped to the user's limits."""
        return np.clip(estimate, self.minimum, self.maximum)

    def limit_to_observed(self, estimate: FloatArray, margin: float | None) -> FloatArray:
        """Estimates (..., C) clipped to the observed range, widened on both sides by `margin` times its width.

        If a column has no negative observed values, it gets no negative estimates; likewise for positive values. With
        `margin` None nothing is clipped.
        """
        if margin is None:
            return estimate
        reach = margin * (self.high - self.low)
        lowest = np.where(self.low >= 0, np.maximum(self.low - reach, 0.0), self.low - reach)
        highest = np.where(self.high <= 0, np.minimum(self.high + reach, 0.0), self.high + reach)
        return np.clip(estimate, np.nan_to_num(lowest, nan=-np.inf), np.nan_to_num(highest, nan=np.inf))

    @property
    def interval_ends(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limit (C,) of intervals: the user's limits, and zero if no observed value lies beyond it."""
        lowest = np.where(self.low >= 0, np.fmax(self.minimum, 0.0), self.minimum)
        highest = np.where(self.high <= 0, np.fmin(self.maximum, 0.0), self.maximum)
        return lowest, highest
