"""The simple imputers: what they fill in, and that they leave observed cells alone."""

from __future__ import annotations

import time

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
def test_every_gap_is_filled_and_observed_cells_stay_as_they_were(name: str):
    rng = np.random.default_rng(0)
    train = waves(600) + 0.1 * rng.normal(size=(600, 2))
    windows = np.stack([train[start : start + 48] for start in (0, 100, 200, 300)])
    gappy = np.where(rng.random(windows.shape) < 0.4, NAN, windows)
    gappy[1, 10:30] = NAN  # a blackout
    gappy[2, :, 0] = NAN  # a column of which nothing is seen
    gappy[3] = NAN  # nothing at all
    filled = fit(name, train).fill(gappy)
    assert filled.shape == gappy.shape
    assert not np.isnan(filled).any()
    np.testing.assert_array_equal(filled[~np.isnan(gappy)], gappy[~np.isnan(gappy)])


@pytest.mark.parametrize("name", NAMES)
def test_a_window_is_filled_alone(name: str):
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


def test_linear_draws_straight_lines():
    filled = fit("linear", column(0, 1)).fill(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_allclose(filled, column(1, 1, 2, 3, 4, 4))


def test_locf_carries_the_last_value_forward_and_the_first_one_back():
    filled = fit("locf", column(0, 1)).fill(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_array_equal(filled, column(1, 1, 1, 1, 4, 4))


def test_nocb_carries_the_next_value_back_and_the_last_one_forward():
    filled = fit("nocb", column(0, 1)).fill(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_array_equal(filled, column(1, 1, 4, 4, 4, 4))


def test_a_spline_follows_a_curve_and_holds_the_ends():
    truth = waves(48)
    gappy = truth.copy()
    gappy[20:24] = NAN
    gappy[:2] = gappy[46:] = NAN
    filled = fit("spline", truth).fill(gappy)
    np.testing.assert_allclose(filled[20:24], truth[20:24], atol=0.03)
    np.testing.assert_allclose(filled[:2], truth[[2, 2]])
    np.testing.assert_allclose(filled[46:], truth[[45, 45]])


def test_a_spline_needs_four_cells():
    filled = fit("spline", column(0, 1)).fill(column(1, NAN, 2, NAN, 9))
    np.testing.assert_allclose(filled, column(1, 1.5, 2, 5.5, 9))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_learnt_can_be_kept_and_taken_up_again(name: str):
    rng = np.random.default_rng(3)
    train = waves(300, period=12) + 0.1 * rng.normal(size=(300, 2))
    gappy = np.where(rng.random((50, 2)) < 0.4, NAN, train[:50])
    first = fit(name, train)
    again = new_baseline(name).load(first.state())
    np.testing.assert_array_equal(again.fill(gappy), first.fill(gappy))


@pytest.mark.parametrize("name", NAMES)
def test_many_columns_are_filled_in_seconds(name: str):
    rng = np.random.default_rng(4)
    train = waves(300) @ rng.normal(size=(2, 150))
    gappy = np.where(rng.random(train.shape) < 0.2, NAN, train)
    began = time.monotonic()
    assert not np.isnan(fit(name, gappy).fill(gappy)).any()
    assert time.monotonic() - began < 60


def test_mean_and_median_are_those_of_the_window():
    gappy, train = column(1, NAN, 2, 9), column(50, 60)
    assert fit("mean", train).fill(gappy)[1, 0] == pytest.approx(4)
    assert fit("median", train).fill(gappy)[1, 0] == pytest.approx(2)


def test_a_column_without_a_value_gets_the_train_mean():
    train = np.array([[0.0, 2.0], [1.0, 4.0]])
    gappy = np.array([[5.0, NAN], [NAN, NAN]])
    for name in ("linear", "locf", "mean", "median", "seasonal"):
        np.testing.assert_array_equal(fit(name, train).fill(gappy), [[5, 3], [5, 3]])


def test_seasonal_finds_the_period_and_repeats_it():
    truth = waves(96, period=12)
    gappy = truth.copy()
    gappy[30:42] = NAN  # a whole period
    baseline = fit("seasonal", waves(600, period=12))
    assert baseline.period_ == 12
    np.testing.assert_allclose(baseline.fill(gappy), truth, atol=0.1)


def test_seasonal_follows_a_rising_level():
    truth = waves(120) + 0.1 * np.arange(120)[:, None]  # 2.4 a day
    gappy = truth.copy()
    gappy[55:65] = NAN
    error = np.abs(fit("seasonal", waves(480)).fill(gappy) - truth)
    assert error.max() < 0.2


def test_seasonal_without_a_second_period_is_linear():
    gappy = waves(20)
    gappy[5:9] = NAN
    train = waves(480)
    expected = fit("linear", train).fill(gappy)
    np.testing.assert_allclose(fit("seasonal", train).fill(gappy), expected)


@pytest.mark.parametrize("name", ["knn", "iterative"])
def test_other_columns_tell_about_a_hidden_cell(name: str):
    # the second column is twice the first, which has no pattern in time
    first = np.random.default_rng(2).normal(size=(800, 1))
    train, window = np.hstack([first, 2 * first])[:700], np.hstack([first, 2 * first])[700:]
    gappy = window.copy()
    gappy[5::10, 1] = NAN
    hidden = np.isnan(gappy)
    errors = {n: np.mean((fit(n, train).fill(gappy) - window)[hidden] ** 2) for n in (name, "linear")}
    assert errors[name] < 0.5 * errors["linear"]
