"""The interface of baselines: simple imputers that fill a whole series, or a single window."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.windows.gaps import interpolate
from latentfill.windows.restore import restore_observed
from latentfill.windows.windows import ScaledSeries


class Baseline(ABC):
    """A simple imputer that is fitted to one series and fills any number of series or windows.

    A subclass implements `estimate`; if it learns more than the column means, it extends `fit`, `state` and `load` too.
    A window is filled from its own observed cells, never from other windows.
    """

    mean_: FloatArray  # (1, C) column means of the fitted series; 0 for a column without an observed cell

    def fit(self, series: FloatArray) -> Self:
        """Learn from a scaled series (T, C), NaN where missing."""
        self.mean_ = np.nan_to_num(observed_mean(series, axis=0))
        return self

    def fit_series(self, series: ScaledSeries) -> Self:
        """Learn from a scaled series and its clock; a baseline that does not go by the clock learns as with `fit`."""
        return self.fit(series.values)

    @abstractmethod
    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        """An estimate for every cell of `values` (..., L, C), NaN where missing; NaN where there is no estimate.

        `position` (..., L, 1) is the time of each step; without it, steps are equally far apart.
        """

    def fill(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        """`values` (..., L, C) with every gap filled; observed cells keep their values.

        Cells without an estimate are interpolated linearly; in a column without an observed cell they get the column
        mean of the fitted series.
        """
        estimate = self.estimate(values, position)
        for fallback in (interpolate(values, position), self.mean_):
            estimate = np.where(np.isnan(estimate), fallback, estimate)
        return restore_observed(estimate, values)

    def state(self) -> dict[str, FloatArray]:
        """Everything that was learnt, as arrays by name; a saved model stores them."""
        return {"mean": self.mean_}

    def load(self, state: Mapping[str, FloatArray]) -> Self:
        """Restore what a fitted baseline learnt, from its `state`."""
        self.mean_ = state["mean"]
        return self


def observed_mean(values: FloatArray, axis: int) -> FloatArray:
    """Mean of the observed cells along `axis`, which is kept with length 1; NaN where there are none."""
    observed = ~np.isnan(values)
    total = np.where(observed, values, 0.0).sum(axis=axis, keepdims=True)
    count = observed.sum(axis=axis, keepdims=True)
    mean: FloatArray = np.full_like(total, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean
