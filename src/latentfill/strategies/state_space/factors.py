"""Dynamic factors: a few hidden series that all columns follow, each with its own loading.

y(t) = loadings f(t) + rest, where the factors f follow a vector autoregression (Doz, Giannone and Reichlin 2012). While
the factors are learnt and estimated, the rest of a column counts as noise that is independent from step to step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import Autoregression, LaggedProducts, regress
from latentfill.strategies.state_space.drawing import simulate
from latentfill.strategies.state_space.filtering import filtered_columns
from latentfill.strategies.state_space.posterior import Posterior
from latentfill.strategies.state_space.stretches import FEWEST, Stretches, lengthened

MOST_FACTORS = 16
LAGS = 2
RIDGE = 3.0  # in steps, see `regress`
ROUNDS = 12
FIRST_PERSISTENCE = 0.95
LEAST_REST = 1e-3  # least variance of a column's rest
PRIOR_CELLS = 3.0  # prior cells with loading 0
AT_ONCE = 1 << 21  # numbers in the information of the steps that are smoothed at once


class FactorModel(NamedTuple):
    """K dynamic factors of C columns."""

    loadings: FloatArray  # (C, K)
    rest: FloatArray  # (C,) variance of what the factors leave of a column
    dynamics: Autoregression  # of the factors, one group

    @property
    def n_factors(self) -> int:
        """K."""
        return int(self.loadings.shape[1])


def count_factors(values: FloatArray) -> int:
    """Number of factors of a series (T, C): eigenvalues of its correlation above those of unrelated columns.

    The upper edge of the eigenvalues of unrelated columns is (1 + sqrt(C / T))^2 (Marchenko and Pastur 1967).
    """
    edge = (1 + np.sqrt(values.shape[1] / len(values))) ** 2
    eigenvalues, _ = _spectrum(values)
    return int(np.clip((eigenvalues > edge).sum(), 1, min(MOST_FACTORS, values.shape[1])))


def learn_factors(values: FloatArray, count: int, rng: np.random.Generator) -> FactorModel:
    """Learn from a series (T, C), NaN where missing, whose columns have about mean 0 and variance 1."""
    values = lengthened(values[None], FEWEST)[0]
    model = _first_guess(values, count)
    for _ in range(ROUNDS):
        model = _refit(_sweep(model, values, rng), values)
    return model._replace(dynamics=model.dynamics.stable())


def smooth_series(model: FactorModel, values: FloatArray) -> FloatArray:
    """Posterior means of the factors (..., L, K) of a series (T, C) or of windows (N, L, C), NaN where missing."""
    return _by_stretches(model, values, lambda posterior: posterior.mean)


def common_variance(model: FactorModel, values: FloatArray) -> FloatArray:
    """Posterior variances (..., L, C) of what the columns have in common, given the same as in `smooth_series`."""
    return _by_stretches(model, values, lambda posterior: posterior.variance_of(model.loadings))


def filter_series(model: FactorModel, values: FloatArray) -> FloatArray:
    """Like `smooth_series`, but each step sees only earlier steps and itself."""
    windows = values if values.ndim == 3 else values[None]
    filtered = filtered_columns(model.dynamics, *_information(model, windows)).mean[0]
    return np.asarray(filtered if values.ndim == 3 else filtered[0])


def draw_series(model: FactorModel, values: FloatArray, rng: np.random.Generator, count: int) -> FloatArray:
    """Factors (count, T, K) drawn from their posterior, given a series (T, C), NaN where missing; see `drawing`."""
    drawn = simulate(model.dynamics, len(values), rng, count)[:, 0]
    for factors in drawn:
        readings = factors @ model.loadings.T + np.sqrt(model.rest) * rng.standard_normal(values.shape)
        factors += smooth_series(model, values - readings)
    return drawn


def _sweep(model: FactorModel, values: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Factors (T, K) of a series (T, C) drawn at random from their posterior."""
    stretches = Stretches.of(len(values))
    cut = stretches.cut(values[None])[0]
    drawn = [_posterior(model, cut[part]).draw(rng)[0] for part in _batches(cut.shape, model)]
    return np.asarray(stretches.join(np.concatenate(drawn)[None])[0])


def _by_stretches(model: FactorModel, values: FloatArray, of: Callable[[Posterior], FloatArray]) -> FloatArray:
    """What `of` makes of the posterior (1, B, L, ...), of a series (T, C) in stretches or of windows (N, L, C)."""
    stretches = Stretches.of(len(values)) if values.ndim == 2 else None
    windows = values if stretches is None else stretches.cut(values[None])[0]
    parts = [of(_posterior(model, windows[part]))[0] for part in _batches(windows.shape, model)]
    joined = np.concatenate(parts)
    return np.asarray(joined if stretches is None else stretches.join(joined[None])[0])


def _batches(shape: tuple[int, ...], model: FactorModel) -> list[slice]:
    size = max(1, AT_ONCE // (shape[1] * model.n_factors**2 * (model.dynamics.lags + 1)))
    return [slice(first, first + size) for first in range(0, shape[0], size)]


def _posterior(model: FactorModel, values: FloatArray) -> Posterior:
    """Posterior of the factors of stretches (B, L, C)."""
    return Posterior.given(model.dynamics.precision(), *_information(model, values))


def _information(model: FactorModel, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What stretches (B, L, C) say of the factors: information (1, B, L, K, K), weighted readings (1, B, L, K)."""
    k = model.n_factors
    observed = ~np.isnan(values)
    pairs = (model.loadings[:, :, None] * model.loadings[:, None] / model.rest[:, None, None]).reshape(-1, k * k)
    information = (observed.astype(float) @ pairs).reshape(1, *values.shape[:2], k, k)
    return information, (np.where(observed, values, 0.0) @ (model.loadings / model.rest[:, None]))[None]


def _refit(factors: FloatArray, values: FloatArray) -> FactorModel:
    """Loadings and dynamics that fit drawn factors (T, K) and the observed cells (T, C) best."""
    k = factors.shape[1]
    observed = ~np.isnan(values)
    known = np.where(observed, values, 0.0)
    pairs = (factors[:, :, None] * factors[:, None]).reshape(-1, k * k)
    gram = (observed.T.astype(float) @ pairs).reshape(-1, k, k) + PRIOR_CELLS * np.eye(k)
    loadings: FloatArray = np.linalg.solve(gram, (known.T @ factors)[..., None])[..., 0].astype(float)
    squares = np.where(observed, known - factors @ loadings.T, 0.0) ** 2
    rest = np.maximum(squares.sum(axis=0) / np.maximum(observed.sum(axis=0), 1), LEAST_REST)
    coefficients, innovation = regress(LaggedProducts.of(factors[None], LAGS), RIDGE)
    return FactorModel(loadings, rest, Autoregression(coefficients, innovation, np.zeros((1, k))))


def _first_guess(values: FloatArray, count: int) -> FactorModel:
    """Loadings from the leading eigenvectors of the correlation, and persistent factors."""
    eigenvalues, vectors = _spectrum(values)
    loadings: FloatArray = vectors[:, -count:] * np.sqrt(np.maximum(eigenvalues[-count:], LEAST_REST))
    rest: FloatArray = np.maximum(1 - (loadings**2).sum(axis=1), 0.05)
    coefficients = np.zeros((1, LAGS, count, count))
    coefficients[0, 0] = FIRST_PERSISTENCE * np.eye(count)
    innovation = (1 - FIRST_PERSISTENCE**2) * np.eye(count)[None]
    return FactorModel(loadings, rest, Autoregression(coefficients, innovation, np.zeros((1, count))))


def _spectrum(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues (K,) of the correlation of the columns of a series (T, C), the largest last, and vectors (C, K).

    With more columns than steps there are only as many as steps, and they are those of a matrix of the steps: the
    matrix of the columns would take too long. Gaps in different columns then count as independent.
    """
    n_steps, n_columns = values.shape
    if n_columns <= n_steps:
        eigenvalues, vectors = np.linalg.eigh(_correlation(values))
        return eigenvalues, vectors
    share = np.maximum((~np.isnan(values)).mean(axis=0), 1 / n_steps)
    known = np.nan_to_num(values) / share / np.sqrt(n_steps)
    eigenvalues, steps = np.linalg.eigh(known @ known.T)
    vectors = known.T @ steps / np.sqrt(np.maximum(eigenvalues, LEAST_REST))
    own = ((known**2).sum(axis=0) - 1).mean()  # what gaps add to the products of columns with themselves
    return np.maximum(eigenvalues - own, 0.0), vectors


def _correlation(values: FloatArray) -> FloatArray:
    """Correlations (C, C) of the columns of a series (T, C) over the cells where both are observed."""
    observed = ~np.isnan(values)
    known = np.where(observed, values, 0.0)
    pairs = observed.T.astype(float) @ observed
    return np.asarray(known.T @ known / np.maximum(pairs, 1))
