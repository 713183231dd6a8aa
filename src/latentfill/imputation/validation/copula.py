"""A Gaussian copula for the correlation of errors over time and between columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_factors import column_loadings, root_of_correlation

PRIOR_CELLS = 20.0  # prior pairs of uncorrelated cells, which shrink the persistence towards zero
MOST_PERSISTENCE = 0.99  # largest correlation from one step to the next
RIM = 0.005  # probabilities are clipped to RIM and 1 - RIM
LEAST_OWN = 1e-9  # share of a column's variance below which it has no part of its own: rounding


@dataclass(frozen=True, slots=True, eq=False)
class Copula:
    """Correlation of errors: their normal scores follow an AR(1) process with noise that is correlated between columns.

    A normal score is the standard normal quantile of an error's probability in its own distribution. The noise of a
    column is a sum of factors that all columns share, and of a part of its own; its variance is one.
    """

    persistence: float  # correlation from one step to the next within a column
    loading: FloatArray  # (C, F) loadings on the factors, see `column_loadings`

    @classmethod
    def fit(cls, probability: FloatArray, cells: Cells) -> Copula:
        """Fit to the errors on held-out `cells`, given as probabilities (M,) in their own distributions."""
        scores = _normal_scores(np.clip(probability, RIM, 1 - RIM))
        time = (
            cells.hiding_round * (int(cells.step.max()) + 2) + cells.step
        )  # steps of different hiding rounds differ by 2 or more
        return cls(_persistence(scores, time, cells), column_loadings(scores, time, cells))

    @classmethod
    def independent(cls, n_columns: int) -> Copula:
        """The copula of independent errors."""
        return cls(0.0, np.zeros((n_columns, 0)))

    def draw(self, rng: np.random.Generator, cells: Cells) -> FloatArray:
        """Randomly drawn probabilities (M,) for the `cells`, correlated like the errors."""
        from scipy.special import ndtr

        n_steps, n_factors = cells.shape[0], self.loading.shape[1]
        own = 1 - (self.loading**2).sum(axis=1)
        own = np.sqrt(np.where(own > LEAST_OWN, own, 0.0))
        factors = self._over_time(rng.normal(size=(n_steps, n_factors)))
        scores = np.empty(len(cells))
        for columns, chosen in cells.by_block():
            drawn = factors @ self.loading[columns].T
            if own[columns].any():
                drawn += own[columns] * self._over_time(rng.normal(size=drawn.shape))
            scores[chosen] = drawn[cells.step[chosen], cells.column[chosen] - columns.start]
        return np.asarray(ndtr(scores))

    def _over_time(self, noise: FloatArray) -> FloatArray:
        """AR(1) processes (T, N) of variance one, made from independent noise (T, N)."""
        from scipy.signal import lfilter

        first = (1 - np.sqrt(1 - self.persistence**2)) * noise[:1]  # the first step has no step before it
        shocks, _ = lfilter([np.sqrt(1 - self.persistence**2)], [1.0, -self.persistence], noise, axis=0, zi=first)
        return np.asarray(shocks)

    def state(self) -> dict[str, FloatArray]:
        """Everything as arrays, the inverse of `load`."""
        return {"persistence": np.asarray(self.persistence), "loading": self.loading}

    @classmethod
    def load(cls, state: Mapping[str, FloatArray]) -> Copula:
        """The copula that `state` was taken from; models of earlier versions hold the correlation matrix."""
        together = state.get("together")
        return cls(float(state["persistence"]), state["loading"] if together is None else root_of_correlation(together))


def _normal_scores(probability: FloatArray) -> FloatArray:
    """The standard normal quantiles (M,) of probabilities (M,), by the standard library: scipy takes long to import."""
    return np.fromiter(map(NormalDist().inv_cdf, probability.tolist()), dtype=float, count=len(probability))


def _persistence(scores: FloatArray, time: IntArray, cells: Cells) -> float:
    """Correlation of scores (M,) from one step to the next within a column; few pairs are shrunk to 0."""
    order = np.lexsort((time, cells.column))
    follows = (np.diff(time[order]) == 1) & (np.diff(cells.column[order]) == 0)
    first, second = scores[order][:-1][follows], scores[order][1:][follows]
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    correlation = float((first * second).sum()) / size if size > 0 else 0.0
    return float(np.clip(correlation * len(first) / (len(first) + PRIOR_CELLS), 0.0, MOST_PERSISTENCE))
