"""Autoregressions: their regression on completed series, and their stability."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import LARGEST_ROOT, Autoregression, LaggedProducts, regress
from latentfill.strategies.state_space.learning import LearningPlan, learn

COEFFICIENTS = np.array([[0.7, 0.2], [0.0, 0.5]])


def simulated(n_steps: int) -> FloatArray:
    """A series (T, 2) of x(t) = COEFFICIENTS x(t - 1) + e(t) with variance 1 of e."""
    rng = np.random.default_rng(0)
    series = np.zeros((n_steps, 2))
    for step in range(1, n_steps):
        series[step] = COEFFICIENTS @ series[step - 1] + rng.normal(size=2)
    return series


def test_the_regression_finds_the_coefficients_and_the_innovations():
    coefficients, innovation = regress(LaggedProducts.of(simulated(20_000)[None], 1), ridge=0.0)
    np.testing.assert_allclose(coefficients[0, 0], COEFFICIENTS, atol=0.03)
    np.testing.assert_allclose(innovation[0], np.eye(2), atol=0.05)


def test_a_large_ridge_keeps_columns_apart():
    coefficients, _ = regress(LaggedProducts.of(simulated(2000)[None], 1), ridge=1e9)
    assert coefficients[0, 0, 0, 1] == pytest.approx(0, abs=1e-4)
    assert coefficients[0, 0, 1, 1] == pytest.approx(0.5, abs=0.05)


def test_explosive_coefficients_are_shrunk_to_the_largest_root():
    explosive = Autoregression(np.full((1, 1, 1, 1), 1.2), np.ones((1, 1, 1)), np.ones((1, 1)))
    assert explosive.stable().coefficients.item() == pytest.approx(LARGEST_ROOT)
    calm = explosive._replace(coefficients=np.full((1, 1, 1, 1), 0.5))
    assert calm.stable().coefficients.item() == 0.5


def test_an_autoregression_is_learnt_from_a_series_with_gaps():
    series = simulated(4000)
    scale = series.std(axis=0)
    series = series / scale + 0.1 * np.random.default_rng(1).normal(size=series.shape)
    series[np.random.default_rng(2).random(series.shape) < 0.2] = np.nan
    model = learn(series[None], LearningPlan(lags=1), np.random.default_rng(0))
    expected = COEFFICIENTS * scale[None, :] / scale[:, None]
    np.testing.assert_allclose(model.coefficients[0, 0], expected, atol=0.08)
    assert (model.noise < 0.1).all()


def test_learning_repeats_itself_for_a_seed():
    series = simulated(300)[None]
    first, second = (learn(series, LearningPlan(), np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
