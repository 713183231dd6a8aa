"""Leave-one-out estimates, past-only estimates and draws of a fitted model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.fitting import fit_factors, fit_together
from latentfill.strategies.state_space.model import SeriesModel, leave_one_out, window_levels
from latentfill.strategies.state_space.smoothing import smooth
from latentfill.windows.windows import ScaledSeries

MODEL = Autoregression(
    np.array([[[[0.7, 0.2], [0.1, 0.6]]]]), np.array([[[0.5, 0.2], [0.2, 0.4]]]), np.array([[0.1, 0.2]])
)


def readings() -> FloatArray:
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(size=(15, 2)), axis=0) / 2
    values[4:7, 0] = np.nan
    return values


@pytest.mark.parametrize(("step", "column"), [(0, 0), (3, 0), (5, 1), (14, 1)])
def test_a_reading_is_estimated_as_if_it_were_missing(step: int, column: int):
    values = readings()
    without = values.copy()
    without[step, column] = np.nan
    mean, variance = leave_one_out(smooth(MODEL, values[None, None], None), values[None, None])
    expected = smooth(MODEL, without[None, None], None)
    cell = (0, 0, step, column)
    assert mean[cell] == pytest.approx(expected.mean[cell], abs=1e-9)
    assert variance[cell] == pytest.approx(expected.variance[cell] + MODEL.noise[0, column], abs=1e-9)


def test_missing_cells_have_the_estimate_and_the_variance_of_a_reading():
    values = readings()[None, None]
    smoothed = smooth(MODEL, values, None)
    mean, variance = leave_one_out(smoothed, values)
    np.testing.assert_allclose(mean[0, 0, 4:7, 0], smoothed.mean[0, 0, 4:7, 0])
    np.testing.assert_allclose(variance[0, 0, 4:7, 0], smoothed.variance[0, 0, 4:7, 0] + MODEL.noise[0, 0])


def fitted(columns: int = 3, steps: int = 400, factors: bool = False) -> tuple[SeriesModel, FloatArray, FloatArray]:
    """A model of related columns with a cycle, one of them skewed; its series with gaps, and the clock."""
    rng = np.random.default_rng(0)
    phase = 2 * np.pi * np.arange(steps) / 24
    clock = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    common = np.cumsum(rng.normal(size=(steps, 1)), axis=0) / 5
    values = common + clock[:, :1] + 0.3 * rng.normal(size=(steps, columns))
    values[:, 0] = np.exp(values[:, 0])
    values[rng.random(values.shape) < 0.1] = np.nan
    values[100:130, 1] = np.nan
    data = SeriesData(ScaledSeries(values, clock), np.full(values.shape, np.nan), seed=0)
    return (fit_factors if factors else fit_together)(data), values, clock


@pytest.mark.parametrize("factors", [False, True])
def test_past_only_estimates_do_not_see_later_readings(factors: bool):
    model, values, clock = fitted(12 if factors else 3, factors=factors)
    changed = values.copy()
    changed[250:] = 1e6
    changed[300:] = np.nan
    before, after = (model.estimate_past(part, clock) for part in (values, changed))
    for name in ("values", "spread", "residual"):
        np.testing.assert_array_equal(getattr(before, name)[:250], getattr(after, name)[:250])
    assert np.isfinite(before.values).all()
    past = np.abs(before.residual).mean()
    assert past > np.abs(model.estimate(values, clock).residual).mean()


def test_long_gaps_of_a_window_at_another_level_are_filled_at_that_level():
    model, values, clock = fitted()
    windows, clocks = values[None, 200:296, 1:] + [20.0, 0.0], clock[None, 200:296]
    gap = (slice(None), slice(30, 70))
    windows[gap] = np.nan
    both = [replace(model, own_levels=own) for own in (False, True)]
    full = np.concatenate([np.full((1, 96, 1), np.nan), windows], axis=2)
    reverting, level = (np.nanmean(each.estimate(full, clocks).values[gap], axis=(0, 1)) for each in both)
    expected = np.nanmean(windows, axis=(0, 1))
    assert np.abs(level[1:] - expected).max() < 2.0
    assert abs(reverting[1] - expected[0]) > 5.0


def test_the_level_of_an_empty_window_is_that_of_the_series():
    np.testing.assert_array_equal(window_levels(np.full((2, 5, 3), np.nan)), np.zeros((2, 1, 3)))


def test_past_only_windows_are_estimated_like_short_series():
    model, values, clock = fitted()
    windows, clocks = values[:96].reshape(4, 24, 3), clock[:96].reshape(4, 24, 2)
    estimate = model.estimate_past(windows, clocks)
    alone = model.estimate_past(windows[2], clocks[2])
    np.testing.assert_allclose(estimate.values[2], alone.values, atol=1e-10)


@pytest.mark.parametrize("factors", [False, True])
def test_draws_keep_readings_and_spread_as_the_estimate_says(factors: bool):
    model, values, clock = fitted(12 if factors else 3, factors=factors)
    rng = np.random.default_rng(1)
    draws = np.stack(list(model.draws(values, clock, rng, 200)))
    observed = ~np.isnan(values)
    assert (draws[:, observed] == values[observed]).all()
    estimate = model.estimate(values, clock)
    ratio = draws[:, ~observed].std(axis=0) / estimate.spread[~observed]
    assert 0.8 < np.median(ratio) < 1.3
    bias = (draws.mean(axis=0) - estimate.values)[~observed] / estimate.spread[~observed]
    assert np.abs(bias).mean() < 0.25
    gap = draws[:, 100:130, 1]
    assert gap.sum(axis=1).var() > 1.5 * gap.var(axis=0).sum()


@pytest.mark.parametrize("factors", [False, True])
def test_drawn_errors_are_standard_normal_in_each_missing_cell(factors: bool):
    """Also in a blackout, where the factors themselves are uncertain."""
    model, values, clock = fitted(12 if factors else 3, factors=factors)
    values[200:230] = np.nan
    scores = np.stack(list(model.error_scores(values, clock, np.random.default_rng(1), 400)))
    for cells in (np.isnan(values[:200]), np.isnan(values[200:230])):
        part = scores[:, :200][:, cells] if len(cells) == 200 else scores[:, 200:230][:, cells]
        assert part.mean() == pytest.approx(0, abs=0.1)
        assert part.std(axis=0).mean() == pytest.approx(1, abs=0.05)
    blackout = scores[:, 200:230, 1]
    assert blackout.sum(axis=1).std() > 1.5 * np.sqrt(30)
