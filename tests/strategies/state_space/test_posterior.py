"""The posterior of hidden columns, beside a dense Gaussian computed with numpy."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.posterior import START_PRECISION, Posterior

LAGS, COLUMNS, STEPS = 2, 3, 6


def example(groups: int, stretches: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Transitions, information and readings of random autoregressions with gaps."""
    rng = np.random.default_rng(0)
    coefficients = 0.3 * rng.normal(size=(groups, LAGS, COLUMNS, COLUMNS))
    root = rng.normal(size=(groups, COLUMNS, COLUMNS))
    innovation = root @ root.swapaxes(1, 2) + 0.1 * np.eye(COLUMNS)
    transition = Autoregression(coefficients, innovation, np.ones((groups, COLUMNS))).precision()
    shape = (groups, stretches, STEPS, COLUMNS)
    information = np.where(rng.random(shape) < 0.6, 5.0, 0.0)
    return transition, information, information * rng.normal(size=shape)


def dense(transition: FloatArray, information: FloatArray, weighted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean (L, n) and covariance (L n, L n) of one stretch."""
    precision = np.zeros(((LAGS + STEPS) * COLUMNS,) * 2)
    precision[: LAGS * COLUMNS, : LAGS * COLUMNS] = START_PRECISION * np.eye(LAGS * COLUMNS)
    for step in range(STEPS):
        part = slice(step * COLUMNS, (step + LAGS + 1) * COLUMNS)
        precision[part, part] += transition
    precision[LAGS * COLUMNS :, LAGS * COLUMNS :] += np.diag(information.ravel())
    covariance = np.linalg.inv(precision)[LAGS * COLUMNS :, LAGS * COLUMNS :]
    return (covariance @ weighted.ravel()).reshape(STEPS, COLUMNS), covariance


def test_mean_and_variance_are_those_of_the_dense_gaussian():
    transition, information, weighted = example(groups=2, stretches=3)
    posterior = Posterior.given(transition, information, weighted)
    variance = posterior.variance()
    for g in range(2):
        for b in range(3):
            mean, covariance = dense(transition[g], information[g, b], weighted[g, b])
            np.testing.assert_allclose(posterior.mean[g, b], mean, atol=1e-10)
            np.testing.assert_allclose(variance[g, b].ravel(), np.diag(covariance), atol=1e-10)


def test_information_may_be_a_matrix_for_each_step():
    transition, information, weighted = example(groups=1, stretches=2)
    matrices = information[..., None] * np.eye(COLUMNS)
    diagonal = Posterior.given(transition, information, weighted)
    np.testing.assert_allclose(Posterior.given(transition, matrices, weighted).mean, diagonal.mean, atol=1e-12)


def test_draws_have_the_covariance_of_the_dense_gaussian():
    transition, information, weighted = example(groups=1, stretches=1)
    posterior, rng = Posterior.given(transition, information, weighted), np.random.default_rng(1)
    draws = np.stack([posterior.draw(rng).ravel() for _ in range(20_000)])
    mean, covariance = dense(transition[0], information[0, 0], weighted[0, 0])
    scale = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose((draws.mean(axis=0) - mean.ravel()) / scale, 0, atol=0.05)
    np.testing.assert_allclose(np.cov(draws.T) / np.outer(scale, scale), covariance / np.outer(scale, scale), atol=0.05)


def test_variances_stay_exact_over_many_steps():
    """Without a symmetric recursion, rounding errors grow from step to step until they overflow."""
    rng = np.random.default_rng(2)
    n = 12
    coefficients = np.stack([0.9 * np.eye(n) + 0.05 * rng.normal(size=(n, n)), -0.1 * np.eye(n), 0.05 * np.eye(n)])
    root = rng.normal(size=(n, n))
    model = Autoregression(
        coefficients[None], (0.01 * root @ root.T + 1e-3 * np.eye(n))[None], np.ones((1, n))
    ).stable()
    information = np.where(rng.random((1, 1, 900, n)) < 0.5, 1e4, 0.0)
    variance = Posterior.given(model.precision(), information, information * 0).variance()
    assert (variance > 0).all()
    assert variance.max() < 100
