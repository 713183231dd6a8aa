"""The scale of the columns: back and forth, square roots, and columns of few or equal readings."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.square_root import skewed_columns
from latentfill.strategies.state_space.column_scale import ColumnScale

PERIOD = 12
T = 2400
PHASE = 2 * np.pi * np.arange(T)[:, None] / PERIOD
CLOCK = np.concatenate([np.sin(PHASE), np.cos(PHASE)], axis=1)
ROOT = np.array([False, True])


def values() -> FloatArray:
    """Two columns (T, 2) with a cycle and gaps, the second skewed."""
    rng = np.random.default_rng(0)
    table = np.sin(PHASE) + 0.3 * rng.normal(size=(T, 2))
    table[:, 1] = 2 * np.exp(table[:, 1]) - 5
    return np.where(rng.random(table.shape) < 0.1, np.nan, table)


def test_values_come_back_from_their_scale():
    table = values()
    scale = ColumnScale.fit(table, CLOCK, ROOT)
    mean, spread = scale.invert(scale.apply(table, CLOCK), np.zeros(table.shape), CLOCK)
    np.testing.assert_allclose(mean, table, atol=1e-10)
    observed = ~np.isnan(table)
    np.testing.assert_allclose(spread[observed], 0, atol=1e-10)


@pytest.mark.parametrize("root", [ROOT, ~ROOT, np.zeros(2, bool)])
def test_columns_have_mean_0_and_variance_1_around_their_cycle(root):
    table = values()
    scaled = ColumnScale.fit(table, CLOCK, root).apply(table, CLOCK)
    np.testing.assert_allclose(np.nanmean(scaled, axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(np.nanvar(scaled, axis=0), 1, atol=0.1)
    for phase in CLOCK.T:
        assert (np.abs(np.nanmean(scaled * phase[:, None], axis=0)) < 0.1).all()


def test_the_square_of_a_gaussian_has_its_mean_and_spread():
    scale = ColumnScale.fit(values(), CLOCK, ROOT)
    rng, hidden = np.random.default_rng(1), np.full((1, 2), 1.5)
    draws = hidden + 0.5 * rng.normal(size=(100_000, 2))
    drawn, _ = scale.invert(draws, np.zeros(draws.shape), CLOCK[:1])
    mean, spread = scale.invert(hidden, np.full((1, 2), 0.25), CLOCK[:1])
    np.testing.assert_allclose(mean[0], drawn.mean(axis=0), rtol=0.02)
    np.testing.assert_allclose(spread[0], drawn.std(axis=0), rtol=0.02)


def test_estimates_of_a_root_column_never_lie_below_its_lowest_value():
    scale = ColumnScale.fit(values(), CLOCK, ROOT)
    mean, _ = scale.invert(np.full((T, 2), -50.0), np.zeros((T, 2)), CLOCK)
    assert (mean[:, 1] >= np.nanmin(values()[:, 1])).all()


def test_windows_are_scaled_like_the_series():
    table, scale = values(), ColumnScale.fit(values(), CLOCK, ROOT)
    windows = scale.apply(table.reshape(100, 24, 2), CLOCK.reshape(100, 24, 2))
    np.testing.assert_allclose(windows.reshape(T, 2), scale.apply(table, CLOCK), atol=1e-12)


def test_the_scale_of_some_columns_is_theirs():
    scale, table = ColumnScale.fit(values(), CLOCK, ROOT), values()
    one = scale.take(np.array([1])).apply(table[:, 1:], CLOCK)
    np.testing.assert_allclose(one, scale.apply(table, CLOCK)[:, 1:], atol=1e-9)


def test_the_spread_of_a_constant_an_empty_and_a_nearly_empty_column_is_moderate():
    table = np.full((T, 3), np.nan)
    table[:, 0], table[:2, 2] = 4.0, (1.0, 1.001)
    scale = ColumnScale.fit(table, CLOCK, np.zeros(3, bool))
    np.testing.assert_array_equal(scale.spread[:2], 1.0)
    assert 0.5 < scale.spread[2] <= 1


def test_skewed_columns_are_found():
    rng = np.random.default_rng(2)
    normal, skewed = rng.normal(size=500), np.exp(rng.normal(size=500))
    table = np.stack([normal, skewed, -skewed, np.full(500, 3.0), np.full(500, np.nan)], axis=1)
    table[::7, 1] = np.nan
    assert skewed_columns(table).tolist() == [False, True, False, False, False]
