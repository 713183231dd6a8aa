"""Imputers that give every gap of a column the same value."""

from __future__ import annotations

import warnings

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.baseline import Baseline, observed_mean


class Mean(Baseline):
    """The mean of the column's observed cells in the series or window that is filled."""

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        return np.broadcast_to(observed_mean(values, axis=-2), values.shape)


class Median(Baseline):
    """The median of the column's observed cells in the series or window that is filled."""

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
            return np.broadcast_to(np.nanmedian(values, axis=-2, keepdims=True), values.shape)
