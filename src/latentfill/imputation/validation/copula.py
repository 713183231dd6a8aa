"""How errors of neighbouring steps and of different columns go together: a Gaussian copula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from latentfill.core.series import FloatArray
from latentfill.imputation.validation.cells import Cells

PRIOR_CELLS = 20.0  # pairs of cells by which correlations are shrunk towards zero
MOST_PERSISTENCE = 0.99
RIM = 0.005  # probabilities nearer to 0 or 1 count as this far away
LEAST_EIGENVALUE = 1e-3  # of the correlation matrix
JITTER = 1e-6  # added to its diagonal before it is factorised


@dataclass(frozen=True, slots=True, eq=False)
class Copula:
    """Correlation of errors, as normal scores: an autoregressive process of order one that is shared by the columns.

    A normal score is the standard normal quantile of an error's probability in its own distribution.
    """

    persistence: float  # correlation from one step to the next within a column
    together: FloatArray  # (C, C) correlation between columns at the same step

    @classmethod
    def fit(cls, probability: FloatArray, cells: Cells) -> Copula:
        """From the probabilities (M,) of the errors on held-out `cells`."""
        scores = ndtri(np.clip(probability, RIM, 1 - RIM))
        time = cells.occasion * (int(cells.step.max()) + 2) + cells.step  # apart by 2 or more between occasions
        return cls(_persistence(scores, time, cells), _column_correlation(scores, time, cells))

    @classmethod
    def independent(cls, n_columns: int) -> Copula:
        """Errors that have nothing in common."""
        return cls(0.0, np.eye(n_columns))

    def draw(self, rng: np.random.Generator, cells: Cells) -> FloatArray:
        """Random probabilities (M,) for the `cells`, correlated as the errors are."""
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
    """Correlation of scores (M,) from one step to the next within a column; shrunk to 0 where pairs are few."""
    order = np.lexsort((time, cells.column))
    follows = (np.diff(time[order]) == 1) & (np.diff(cells.column[order]) == 0)
    first, second = scores[order][:-1][follows], scores[order][1:][follows]
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    correlation = float((first * second).sum()) / size if size > 0 else 0.0
    return float(np.clip(correlation * len(first) / (len(first) + PRIOR_CELLS), 0.0, MOST_PERSISTENCE))


def _column_correlation(scores: FloatArray, time: np.ndarray, cells: Cells) -> FloatArray:
    """Correlation matrix (C, C) of scores (M,) at the same step; shrunk to 0 where pairs are few, positive definite."""
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
