"""Baselines: they fill every gap and do not change observed cells."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.strategies.classes import baseline_names, new_baseline
from latentfill.strategies.protocols.baseline import Baseline

NAMES = baseline_names()
NAN = np.nan


def waves(n_steps: int, period: int = 24) -> np.ndarray:
    """Two columns with a daily cycle, (n_steps, 2)."""
    angle = 2 * np.pi * np.arange(n_steps) / period
    return np.stack([np.sin(angle), np.cos(angle) + 0.2 * np.sin(2 * angle)], axis=1)


def fit(name: str, train: np.ndarray) -> Baseline:
    return new_baseline(name).fit(train)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


@pytest.mark.parametrize("name", NAMES)
def test_every_gap_is_filled_and_observed_cells_stay_the_same(name: str):
    rng = np.random.default_rng(0)
    train = waves(600) + 0.1 * rng.normal(size=(600, 2))
    windows = np.stack([train[start : start + 48] for start in (0, 100, 200, 300)])
    gappy = np.where(rng.random(windows.shape) < 0.4, NAN, windows)
    gappy[1, 10:30] = NAN  # a blackout
    gappy[2, :, 0] = NAN  # a column without an observed cell
    gappy[3] = NAN  # an empty window
    filled = fit(name, train).fill(gappy)
    assert filled.shape == gappy.shape
    assert not np.isnan(filled).any()
    np.testing.assert_array_equal(filled[~np.isnan(gappy)], gappy[~np.isnan(gappy)])


@pytest.mark.parametrize("name", NAMES)
def test_a_window_is_filled_independently_of_other_windows(name: str):
    rng = np.random.default_rng(1)
    train = waves(400) + 0.1 * rng.normal(size=(400, 2))
    windows = np.stack([train[start : start + 48] for start in (0, 70)])
    gappy = np.where(rng.random(windows.shape) < 0.3, NAN, windows)
    baseline = fit(name, train)
    together = baseline.fill(gappy)
    for window, expected in zip(gappy, together, strict=True):
        np.testing.assert_allclose(baseline.fill(window), expected, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_train_rows_may_have_gaps_and_an_empty_column(name: str):
    train = waves(300)
    train[50:60, 0] = NAN
    train[:, 1] = NAN
    filled = fit(name, train).fill(np.full((2, 24, 2), NAN))
    assert not np.isnan(filled).any()


@pytest.mark.parametrize("name", NAMES)
def test_without_gaps_nothing_changes(name: str):
    train = waves(200)
    np.testing.assert_array_equal(fit(name, train).fill(train), train)


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_restored_from_its_state_gives_the_same_estimates(name: str):
    rng = np.random.default_rng(3)
    train = waves(300, period=12) + 0.1 * rng.normal(size=(300, 2))
    gappy = np.where(rng.random((50, 2)) < 0.4, NAN, train[:50])
    first = fit(name, train)
    again = new_baseline(name).load(first.state())
    np.testing.assert_array_equal(again.fill(gappy), first.fill(gappy))


@pytest.mark.parametrize("name", NAMES)
def test_many_columns_are_filled(name: str):
    rng = np.random.default_rng(4)
    train = waves(150) @ rng.normal(size=(2, 130))
    gappy = np.where(rng.random(train.shape) < 0.2, NAN, train)
    assert not np.isnan(fit(name, gappy).fill(gappy)).any()


def test_an_empty_column_gets_the_train_mean():
    train = np.array([[0.0, 2.0], [1.0, 4.0]])
    gappy = np.array([[5.0, NAN], [NAN, NAN]])
    for name in ("linear", "locf", "mean", "median", "seasonal"):
        np.testing.assert_array_equal(fit(name, train).fill(gappy), [[5, 3], [5, 3]])
