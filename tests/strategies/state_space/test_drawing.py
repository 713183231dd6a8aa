"""Random draws of whole series, beside the dense Gaussian."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.strategies.state_space import stretches
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.drawing import draw_columns, simulate
from latentfill.strategies.state_space.smoothing import smooth

MODEL = Autoregression(
    np.array([[[[0.7, 0.2], [0.1, 0.6]]]]), np.array([[[0.5, 0.2], [0.2, 0.4]]]), np.array([[0.1, 0.2]])
)
PERSISTENT = Autoregression(np.full((1, 1, 1, 1), 0.98), np.full((1, 1, 1), 0.04), np.full((1, 1), 1e-4))


def test_simulated_columns_follow_the_autoregression():
    series = simulate(MODEL, 50_000, np.random.default_rng(0), 2)[1, 0]
    innovation = series[1:] - series[:-1] @ MODEL.coefficients[0, 0].T
    np.testing.assert_allclose(np.cov(innovation.T), MODEL.innovation[0], atol=0.02)
    assert abs(np.corrcoef(innovation[1:, 0], innovation[:-1, 0])[0, 1]) < 0.02


def test_totals_over_a_gap_have_the_spread_of_the_dense_gaussian():
    """The sum of n cells of a persistent series varies more than n independent cells."""
    values = np.random.default_rng(0).normal(size=(1, 30, 2))
    values[0, 8:20, 0] = np.nan
    rng = np.random.default_rng(1)
    draws = draw_columns(MODEL, values, np.zeros((4000, *values.shape)), None, rng)[:, 0, 8:20, 0]
    mean, variance = dense_gap(values[0], slice(8, 20))
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.05)
    np.testing.assert_allclose(np.cov(draws.T), variance, atol=0.08)
    assert draws.sum(axis=1).var() == pytest.approx(variance.sum(), rel=0.08)
    assert variance.sum() > 2 * np.trace(variance)


def dense_gap(values: np.ndarray, gap: slice) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of missing readings of column 0: readings are Gaussian, so condition their covariance."""
    steps, n = values.shape
    covariance = np.zeros((steps + 1, n, steps + 1, n))
    covariance[0, :, 0] = np.eye(n)  # the step before the series
    a = MODEL.coefficients[0, 0]
    for t in range(1, steps + 1):
        for s in range(t):
            covariance[t, :, s] = a @ covariance[t - 1, :, s]
            covariance[s, :, t] = covariance[t, :, s].T
        covariance[t, :, t] = a @ covariance[t - 1, :, t - 1] @ a.T + MODEL.innovation[0]
    whole = covariance[1:, :, 1:].reshape(steps * n, steps * n) + np.diag(np.tile(MODEL.noise[0], steps))
    hidden = np.zeros((steps, n), dtype=bool)
    hidden[gap, 0] = True
    h, o = np.nonzero(hidden.ravel())[0], np.nonzero(~hidden.ravel())[0]
    weights = whole[np.ix_(h, o)] @ np.linalg.inv(whole[np.ix_(o, o)])
    return weights @ values.ravel()[o], whole[np.ix_(h, h)] - weights @ whole[np.ix_(o, h)]


def test_a_draw_runs_on_from_stretch_to_stretch(monkeypatch: pytest.MonkeyPatch):
    """Without readings, steps at the seams differ from the steps before as all others do."""
    monkeypatch.setattr(stretches, "LENGTH", 200)
    values = np.full((1, 1000, 1), np.nan)
    values[:, ::400] = 0.0
    seams = np.nonzero(np.diff(stretches.Stretches.of(1000).owner))[0]
    assert len(seams) > 5
    rng = np.random.default_rng(0)
    steps = np.diff(draw_columns(PERSISTENT, values, np.zeros((100, *values.shape)), None, rng)[:, 0, :, 0])
    others = np.delete(steps, seams, axis=1)
    assert steps[:, seams].std() < 1.3 * others.std()


def test_observed_cells_are_drawn_near_their_readings():
    values = np.random.default_rng(0).normal(size=(1, 40, 2))
    drawn = draw_columns(MODEL, values, np.zeros((1, *values.shape)), None, np.random.default_rng(1))[0]
    smoothed = smooth(MODEL, values[:, None], None)
    assert np.abs(drawn - smoothed.mean[:, 0]).max() < 5
    assert np.abs(drawn - smoothed.mean[:, 0]).max() > 0


def test_each_series_is_drawn_given_its_own_deviation():
    values = np.random.default_rng(0).normal(size=(1, 40, 2))
    values[0, 10:20] = np.nan
    deviations = np.stack([np.zeros(values.shape), np.full(values.shape, 100.0)])
    drawn = draw_columns(MODEL, values, deviations, None, np.random.default_rng(1))
    moved = drawn[1] - drawn[0]
    np.testing.assert_allclose(moved[0, [2, 30]], 100, atol=10)
