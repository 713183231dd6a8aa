"""A regression of how large the error of an estimate is likely to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.error_sample import SMALLEST, ErrorSample

RIDGE = 1e-2  # ridge penalty of the slopes, per cell
PRIOR_CELLS = 20.0  # cells of an average column that each column's own level is averaged with
ROUNDS = 25  # of fitting
MOST_EXCESS = 4.0  # errors larger than expected by more than this many times their size count as that large
MOST_LOG = 20.0  # logarithms of sizes stay within plus and minus this while fitting
KEPT_RANGE = (0.001, 0.999)  # quantiles of the fitted logarithms that new ones are held to


@dataclass(frozen=True, slots=True, eq=False)
class SizeModel:
    """Likely absolute error of a cell, scaled units: a gamma regression with logarithmic link on its features.

    McCullagh and Nelder, "Generalized linear models" (1989), chapter 8.
    """

    centre: FloatArray  # (F,) means of the features
    scale: FloatArray  # (F,) their standard deviations
    slope: FloatArray  # (F,)
    of_column: FloatArray  # (C,) logarithm of the size of a cell with average features
    low: float  # logarithms of sizes are held between these two
    high: float

    @classmethod
    def fit(cls, sample: ErrorSample) -> SizeModel:
        """By Fisher scoring, slopes and column levels in turn; columns with few cells are shrunk to the mean level."""
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
    """By how many times its expected size each error exceeds that, (M,)."""
    return np.minimum(size / np.exp(log_size) - 1, MOST_EXCESS)
