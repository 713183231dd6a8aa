"""Smoothing, beside the Kalman smoother of statsmodels, and with readings that are far off."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space import smoothing
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.posterior import START_PRECISION
from latentfill.strategies.state_space.smoothing import cell_noise, draw, smooth

N, P, T = 2, 3, 40


def example() -> Autoregression:
    coefficients = np.array([[[0.6, 0.2], [-0.1, 0.5]], [[0.1, 0.0], [0.1, -0.2]], [[0.05, 0.1], [0.0, 0.1]]])
    return Autoregression(coefficients[None], np.array([[[1.0, 0.4], [0.4, 0.7]]]), np.array([[0.3, 0.1]]))


def readings(seed: int = 0) -> FloatArray:
    """Readings (T, N) with scattered gaps, a gap in one column, and steps where all is missing."""
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(size=(T, N)), axis=0) / 3
    values[rng.random((T, N)) < 0.2] = np.nan
    values[10:20, 0] = np.nan
    values[28:33] = np.nan
    return values


def of_statsmodels(model: Autoregression, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (T, N) of the hidden columns by statsmodels' Kalman smoother."""
    from statsmodels.tsa.statespace.kalman_smoother import KalmanSmoother

    companion = np.eye(P * N, k=-N)
    companion[:N] = np.concatenate(list(model.coefficients[0]), axis=1)
    innovation = np.zeros((P * N, P * N))
    innovation[:N, :N] = model.innovation[0]
    kalman = KalmanSmoother(k_endog=N, k_states=P * N, k_posdef=N)
    kalman.bind(values)
    kalman["design"], kalman["obs_cov"] = np.eye(N, P * N), np.diag(model.noise[0])
    kalman["transition"], kalman["selection"], kalman["state_cov"] = companion, np.eye(P * N, N), model.innovation[0]
    kalman.initialize_known(np.zeros(P * N), companion @ companion.T / START_PRECISION + innovation)
    result = kalman.smooth()
    return result.smoothed_state[:N].T, np.diagonal(result.smoothed_state_cov[:N, :N]).copy()


def test_mean_and_variance_are_those_of_the_kalman_smoother_of_statsmodels():
    model, values = example(), readings()
    smoothed = smooth(model, values[None, None], None)
    mean, variance = of_statsmodels(model, values)
    np.testing.assert_allclose(smoothed.mean[0, 0], mean, atol=1e-8)
    np.testing.assert_allclose(smoothed.variance[0, 0], variance, atol=1e-8)


def test_groups_and_stretches_do_not_depend_on_what_is_smoothed_beside_them(monkeypatch: pytest.MonkeyPatch):
    one = example()
    model = Autoregression(*(np.concatenate([part, 0.5 * part]) for part in one))
    values = np.stack([np.stack([readings(seed) for seed in (1, 2)])] * 2)
    together = smooth(model, values, None)
    monkeypatch.setattr(smoothing, "MOST_NUMBERS", 1)  # one stretch of one group at a time
    apart = smooth(model, values, None)
    np.testing.assert_allclose(together.mean, apart.mean, atol=1e-10)
    np.testing.assert_allclose(together.variance, apart.variance, atol=1e-10)
    np.testing.assert_allclose(together.mean[0, 1], smooth(one, values[:1, 1:], None).mean[0, 0], atol=1e-10)


def test_a_draw_comes_with_the_mean_of_the_smoother():
    model, values = example(), readings()[None, None]
    drawn = draw(model, values, np.broadcast_to(model.noise[:, None, None], values.shape), np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean, smooth(model, values, None).mean, atol=1e-10)
    assert np.abs(drawn.draw - drawn.mean).max() > 0.1


def test_a_reading_far_off_counts_little_where_noise_has_outliers():
    values = np.zeros((1, 1, T, N))
    values[0, 0, 20, 0] = 30.0
    gaussian, robust = (smooth(example(), values, degrees) for degrees in (None, 4.0))
    assert abs(robust.mean[0, 0, 20, 0]) < 0.1 * abs(gaussian.mean[0, 0, 20, 0])
    assert robust.noise[0, 0, 20, 0] > 10 * robust.noise[0, 0, 10, 0]


def test_the_noise_of_a_cell_grows_with_its_distance_only_if_it_has_outliers():
    noise, squares = np.array([2.0]), np.array([[np.nan], [0.0], [200.0]])
    np.testing.assert_array_equal(cell_noise(noise, squares, None), [[2.0], [2.0], [2.0]])
    np.testing.assert_allclose(cell_noise(noise, squares, 4.0)[:, 0], [1.6, 1.6, 2 * (4 + 100) / 5])
