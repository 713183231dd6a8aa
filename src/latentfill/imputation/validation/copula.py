"""A Gaussian copula for the correlation of errors over time and between columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from latentfill.core.series import FloatArray
from latentfill.imputation.validation.cells import Cells

PRIOR_CELLS = 20.0  # prior pairs of uncorrelated cells, which shrink correlations towards zero
MOST_PERSISTENCE = 0.99  # largest correlation from one step to the next
RIM = 0.005  # probabilities are clipped to RIM and 1 - RIM
LEAST_EIGENVALUE = 1e-3  # smallest eigenvalue of the correlation matrix
JITTER = 1e-6  # added to the diagonal of the correlation matrix before its Cholesky factorisation


@dataclass(frozen=True, slots=True, eq=False)
class Copula:
    """Correlation of errors: their normal scores follow an AR(1) process with noise that is correlated between columns.

    A normal score is the standard normal quantile of an error's probability in its own distribution.
    """

    persistence: float  # correlation from one step to the next within a column
    together: FloatArray  # (C, C) correlation between columns at the same step

    @classmethod
    def fit(cls, probability: FloatArray, cells: Cells) -> Copula:
        """Fit to the errors on held-out `cells`, given as probabilities (M,) in their own distributions."""
        scores = ndtri(np.clip(probability, RIM, 1 - RIM))
        time = (
            cells.hiding_round * (int(cells.step.max()) + 2) + cells.step
        )  # steps of different hiding rounds differ by 2 or more
        return cls(_persistence(scores, time, cells), _column_correlation(scores, time, cells))

    @classmethod
    def independent(cls, n_columns: int) -> Copula:
        """The copula of independent errors."""
        return cls(0.0, np.eye(n_columns))

    def draw(self, rng: np.random.Generator, cells: Cells) -> FloatArray:
        """Randomly drawn probabilities (M,) for the `cells`, correlated like the errors."""
        root = np.linalg.cholesky(self.together + JITTER * np.eye(len(self.together)))
        shocks = rng.normal(size=cells.shape) @ root.T / np.sqrt(1 + JITTER)
        scores = np.empty(cells.shape)
        state = shocks[0]
        for step in range(len(shocks)):
            if step:
                state = self.persistence * state + np.sqrt(1 - self.persistence**2) * shocks[step]
            scores[step] = state
        return np.asarray(ndtr(scores[cells.step, cells.column]))


def _persistence(scores: FloatArray, time: np.ndarray, cells: Cells) -> float:
    """Correlation of scores (M,) from one step to the next within a column; few pairs are shrunk to 0."""
    order = np.lexsort((time, cells.column))
    follows = (np.diff(time[order]) == 1) & (np.diff(cells.column[order]) == 0)
    first, second = scores[order][:-1][follows], scores[order][1:][follows]
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    correlation = float((first * second).sum()) / size if size > 0 else 0.0
    return float(np.clip(correlation * len(first) / (len(first) + PRIOR_CELLS), 0.0, MOST_PERSISTENCE))


def _column_correlation(scores: FloatArray, time: np.ndarray, cells: Cells) -> FloatArray:
    """Positive definite correlation matrix (C, C) of scores (M,) at the same step; few pairs are shrunk to 0."""
    steps, row = np.unique(time, return_inverse=True)
    wide = np.full((len(steps), cells.n_columns), np.nan)
    wide[row, cells.column] = scores
    known = ~np.isnan(wide)
    filled = np.where(known, wide, 0.0)
    pairs = known.T.astype(float) @ known
    size = np.sqrt((filled.T**2) @ known)
    together = filled.T @ filled / np.maximum(size * size.T, 1e-9) * pairs / (pairs + PRIOR_CELLS)
    np.fill_diagonal(together, 1.0)
    value, vector = np.linalg.eigh(together)
    definite = (vector * np.maximum(value, LEAST_EIGENVALUE)) @ vector.T
    scale = np.sqrt(np.diag(definite))
    return np.asarray(definite / np.outer(scale, scale))
