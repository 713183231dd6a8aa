"""How far estimates and intervals may reach, by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, Series
from latentfill.imputation.fitting.bounds import bounds_of
from latentfill.imputation.fitting.fitted import Fitted


@dataclass(frozen=True, slots=True, eq=False)
class ColumnRanges:
    """Observed and allowed values of each column, original units, (C,) each."""

    low: FloatArray  # smallest value observed, in the series fitted to or the one to fill; NaN if there is none
    high: FloatArray  # largest value observed
    minimum: FloatArray  # smallest value asked for, minus infinity if none was
    maximum: FloatArray  # largest value asked for

    @classmethod
    def of(cls, fitted: Fitted, series: Series) -> ColumnRanges:
        """Those of a series to be filled."""
        minimum, maximum = bounds_of(fitted.config, fitted.columns)
        low = np.fmin(fitted.scaler.low, np.fmin.reduce(series.values, axis=0))
        high = np.fmax(fitted.scaler.high, np.fmax.reduce(series.values, axis=0))
        return cls(low, high, minimum, maximum)

    def limit(self, estimate: FloatArray) -> FloatArray:
        """Estimates (..., C) limited to the values asked for."""
        return np.clip(estimate, self.minimum, self.maximum)

    def limit_to_observed(self, estimate: FloatArray, margin: float | None) -> FloatArray:
        """Estimates (..., C) limited to the observed range, widened by `margin` times its width; None: no limit.

        A column without negative values stays without, and one without positive values too.
        """
        if margin is None:
            return estimate
        reach = margin * (self.high - self.low)
        lowest = np.where(self.low >= 0, np.maximum(self.low - reach, 0.0), self.low - reach)
        highest = np.where(self.high <= 0, np.minimum(self.high + reach, 0.0), self.high + reach)
        return np.clip(estimate, np.nan_to_num(lowest, nan=-np.inf), np.nan_to_num(highest, nan=np.inf))

    @property
    def interval_ends(self) -> tuple[FloatArray, FloatArray]:
        """How far intervals may reach: to the values asked for, and not across zero where no observed value does."""
        lowest = np.where(self.low >= 0, np.fmax(self.minimum, 0.0), self.minimum)
        highest = np.where(self.high <= 0, np.fmin(self.maximum, 0.0), self.maximum)
        return lowest, highest
