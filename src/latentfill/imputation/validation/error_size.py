"""A regression that predicts the size of an estimate's error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.error_sample import SMALLEST, ErrorSample

RIDGE = 1e-2  # ridge penalty of the slopes, per cell
PRIOR_CELLS = 20.0  # prior cells of average size in each column's level
ROUNDS = 25  # iterations of fitting
MOST_EXCESS = 4.0  # relative excess of an error over its expected size is clipped to this
MOST_LOG = 20.0  # logarithms of sizes are clipped to plus and minus this while fitting
KEPT_RANGE = (0.001, 0.999)  # predicted logarithms are clipped to these quantiles of the fitted ones


@dataclass(frozen=True, slots=True, eq=False)
class SizeModel:
    """Likely absolute error of a cell, scaled units: a gamma regression with logarithmic link on its features.

    McCullagh and Nelder, "Generalized linear models" (1989), chapter 8.
    """

    centre: FloatArray  # (F,) means of the features
    scale: FloatArray  # (F,) their standard deviations
    slope: FloatArray  # (F,)
    of_column: FloatArray  # (C,) logarithm of the size of a cell with average features
    low: float  # smallest logarithm of a predicted size
    high: float  # largest logarithm of a predicted size

    @classmethod
    def fit(cls, sample: ErrorSample) -> SizeModel:
        """Fit slopes and column levels in turn by Fisher scoring; levels from few cells are shrunk to their mean."""
        n_columns, (m, f) = sample.cells.n_columns, sample.features.shape
        if not m:
            return cls(np.zeros(f), np.ones(f), np.zeros(f), np.zeros(n_columns), 0.0, 0.0)
        size, column = np.abs(sample.error) + SMALLEST, sample.cells.column
        centre, scale = sample.features.mean(axis=0), sample.features.std(axis=0)
        scale = np.where(scale > 1e-9, scale, 1.0)
        x = (sample.features - centre) / scale
        gram = x.T @ x + RIDGE * m * np.eye(f)
        count = np.bincount(column, minlength=n_columns) + PRIOR_CELLS
        level = np.log((np.bincount(column, weights=size, minlength=n_columns) + PRIOR_CELLS * size.mean()) / count)
        slope, log_size = np.zeros(f), level[column]
        for _ in range(ROUNDS):
            slope = slope + np.linalg.solve(gram, x.T @ _excess(size, log_size) - RIDGE * m * slope)
            log_size = np.clip(x @ slope + level[column], -MOST_LOG, MOST_LOG)
            level = level + np.bincount(column, weights=_excess(size, log_size), minlength=n_columns) / count
            log_size = np.clip(x @ slope + level[column], -MOST_LOG, MOST_LOG)
        return cls(centre, scale, slope, level, *map(float, np.quantile(log_size, KEPT_RANGE)))

    def size(self, features: FloatArray, column: IntArray) -> FloatArray:
        """Likely size (M,) of the errors of cells with these features (M, F) in these columns (M,)."""
        log_size = (features - self.centre) / self.scale @ self.slope + self.of_column[column]
        return np.asarray(np.exp(np.clip(log_size, self.low, self.high)))

    def state(self) -> dict[str, FloatArray]:
        """Everything as arrays, the inverse of `load`."""
        return {name: np.asarray(getattr(self, name), float) for name in SizeModel.__slots__}

    @classmethod
    def load(cls, state: Mapping[str, FloatArray]) -> SizeModel:
        """The model that `state` was taken from."""
        arrays = {name: state[name] for name in ("centre", "scale", "slope", "of_column")}
        return cls(**arrays, low=float(state["low"]), high=float(state["high"]))


def _excess(size: FloatArray, log_size: FloatArray) -> FloatArray:
    """Relative excess (M,) of each error over its expected size: size / expected - 1, at most `MOST_EXCESS`."""
    return np.minimum(size / np.exp(log_size) - 1, MOST_EXCESS)
