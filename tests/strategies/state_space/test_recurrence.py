"""What recurs from cycle to cycle."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.recurrence import CYCLES, fit_recurrence, looked_at, recurring

PERIOD, DAYS = 12, 40


def daily(scale: float = 1.0) -> FloatArray:
    """A column (T, 1) whose daily shape changes slowly from day to day."""
    rng = np.random.default_rng(0)
    shape = np.cumsum(rng.normal(size=(DAYS, PERIOD)), axis=0)
    return scale * (shape - shape.mean(axis=1, keepdims=True)).reshape(-1, 1)


def test_the_shape_of_a_day_is_found_from_the_days_around_it():
    values = daily()
    coefficients = fit_recurrence(values, values, PERIOD)
    found = recurring(values, coefficients, PERIOD)
    inner = slice(7 * PERIOD, -7 * PERIOD)
    assert np.mean((found - values)[inner] ** 2) < 0.1 * np.mean(values[inner] ** 2)
    assert coefficients[0, 0] > 0.2  # yesterday and tomorrow


def test_nothing_recurs_in_noise():
    noise = np.random.default_rng(1).normal(size=(DAYS * PERIOD, 2))
    coefficients = fit_recurrence(noise, noise, PERIOD)
    assert np.abs(coefficients).max() < 0.2
    assert np.mean(recurring(noise, coefficients, PERIOD) ** 2) < 0.1


def test_missing_cells_are_left_out_of_the_fit():
    values = daily()
    gappy = np.where(np.random.default_rng(2).random(values.shape) < 0.3, np.nan, values)
    np.testing.assert_allclose(fit_recurrence(gappy, values, PERIOD), fit_recurrence(values, values, PERIOD), atol=0.1)
    empty = np.full_like(values, np.nan)
    np.testing.assert_array_equal(fit_recurrence(empty, np.zeros_like(values), PERIOD), 0)


def test_cycles_further_away_than_a_third_of_the_series_are_left_out():
    assert looked_at(10, 60) == [10, 20]
    assert looked_at(10, 20) == []
    np.testing.assert_array_equal(fit_recurrence(np.ones((20, 1)), np.ones((20, 1)), 10), np.zeros((1, len(CYCLES))))


def test_windows_shorter_than_a_cycle_have_nothing_that_recurs():
    windows = np.random.default_rng(3).normal(size=(4, PERIOD - 2, 1))
    assert not recurring(windows, np.ones((1, len(CYCLES))), PERIOD).any()
