"""The simple imputers of benchmarks/: what they fill in, and that they leave observed cells alone."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
NAMES = ("linear", "locf", "mean", "median", "seasonal", "knn", "iterative")
NAN = np.nan


@pytest.fixture
def baselines(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, imported as a benchmark script beside it would."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield importlib.import_module("baselines")
    sys.modules.pop("baselines", None)


def waves(n_steps: int, period: int = 24) -> np.ndarray:
    """Two columns with a daily cycle, (n_steps, 2)."""
    angle = 2 * np.pi * np.arange(n_steps) / period
    return np.stack([np.sin(angle), np.cos(angle) + 0.2 * np.sin(2 * angle)], axis=1)


def fit(baselines: ModuleType, name: str, train: np.ndarray) -> object:
    if name in ("knn", "iterative"):
        pytest.importorskip("sklearn")
    return baselines.BASELINES[name]().fit(train)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def test_the_names_are_known(baselines: ModuleType):
    assert tuple(baselines.BASELINES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_gap_is_filled_and_observed_cells_stay_as_they_were(baselines: ModuleType, name: str):
    rng = np.random.default_rng(0)
    train = waves(600) + 0.1 * rng.normal(size=(600, 2))
    windows = np.stack([train[start : start + 48] for start in (0, 100, 200, 300)])
    gappy = np.where(rng.random(windows.shape) < 0.4, NAN, windows)
    gappy[1, 10:30] = NAN  # a blackout
    gappy[2, :, 0] = NAN  # a column of which nothing is seen
    gappy[3] = NAN  # nothing at all
    filled = fit(baselines, name, train).fill(gappy)
    assert filled.shape == gappy.shape
    assert not np.isnan(filled).any()
    np.testing.assert_array_equal(filled[~np.isnan(gappy)], gappy[~np.isnan(gappy)])


@pytest.mark.parametrize("name", NAMES)
def test_a_window_is_filled_alone(baselines: ModuleType, name: str):
    rng = np.random.default_rng(1)
    train = waves(400) + 0.1 * rng.normal(size=(400, 2))
    windows = np.stack([train[start : start + 48] for start in (0, 70)])
    gappy = np.where(rng.random(windows.shape) < 0.3, NAN, windows)
    baseline = fit(baselines, name, train)
    together = baseline.fill(gappy)
    for window, expected in zip(gappy, together, strict=True):
        np.testing.assert_allclose(baseline.fill(window), expected, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_train_rows_may_have_gaps_and_an_empty_column(baselines: ModuleType, name: str):
    train = waves(300)
    train[50:60, 0] = NAN
    train[:, 1] = NAN
    filled = fit(baselines, name, train).fill(np.full((2, 24, 2), NAN))
    assert not np.isnan(filled).any()


@pytest.mark.parametrize("name", NAMES)
def test_without_gaps_nothing_changes(baselines: ModuleType, name: str):
    train = waves(200)
    np.testing.assert_array_equal(fit(baselines, name, train).fill(train), train)


def test_linear_draws_straight_lines(baselines: ModuleType):
    filled = fit(baselines, "linear", column(0, 1)).fill(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_allclose(filled, column(1, 1, 2, 3, 4, 4))


def test_locf_carries_the_last_value_forward_and_the_first_one_back(baselines: ModuleType):
    filled = fit(baselines, "locf", column(0, 1)).fill(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_array_equal(filled, column(1, 1, 1, 1, 4, 4))


def test_mean_and_median_are_those_of_the_window(baselines: ModuleType):
    gappy, train = column(1, NAN, 2, 9), column(50, 60)
    assert fit(baselines, "mean", train).fill(gappy)[1, 0] == pytest.approx(4)
    assert fit(baselines, "median", train).fill(gappy)[1, 0] == pytest.approx(2)


def test_a_column_without_a_value_gets_the_train_mean(baselines: ModuleType):
    train = np.array([[0.0, 2.0], [1.0, 4.0]])
    gappy = np.array([[5.0, NAN], [NAN, NAN]])
    for name in ("linear", "locf", "mean", "median", "seasonal"):
        np.testing.assert_array_equal(fit(baselines, name, train).fill(gappy), [[5, 3], [5, 3]])


def test_seasonal_finds_the_period_and_repeats_it(baselines: ModuleType):
    truth = waves(96, period=12)
    gappy = truth.copy()
    gappy[30:42] = NAN  # a whole period
    baseline = fit(baselines, "seasonal", waves(600, period=12))
    assert baseline.period_ == 12
    np.testing.assert_allclose(baseline.fill(gappy), truth, atol=0.1)


def test_seasonal_follows_a_rising_level(baselines: ModuleType):
    truth = waves(120) + 0.1 * np.arange(120)[:, None]  # 2.4 a day
    gappy = truth.copy()
    gappy[55:65] = NAN
    error = np.abs(fit(baselines, "seasonal", waves(480)).fill(gappy) - truth)
    assert error.max() < 0.2


def test_seasonal_without_a_second_period_is_linear(baselines: ModuleType):
    gappy = waves(20)
    gappy[5:9] = NAN
    train = waves(480)
    expected = fit(baselines, "linear", train).fill(gappy)
    np.testing.assert_allclose(fit(baselines, "seasonal", train).fill(gappy), expected)


@pytest.mark.parametrize("name", ["knn", "iterative"])
def test_other_columns_tell_about_a_hidden_cell(baselines: ModuleType, name: str):
    # the second column is twice the first, which has no pattern in time
    first = np.random.default_rng(2).normal(size=(800, 1))
    train, window = np.hstack([first, 2 * first])[:700], np.hstack([first, 2 * first])[700:]
    gappy = window.copy()
    gappy[5::10, 1] = NAN
    hidden = np.isnan(gappy)
    errors = {n: np.mean((fit(baselines, n, train).fill(gappy) - window)[hidden] ** 2) for n in (name, "linear")}
    assert errors[name] < 0.5 * errors["linear"]


def test_without_scikit_learn_the_message_says_what_to_install(baselines: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sklearn.experimental", None)
    with pytest.raises(ImportError, match=r"\[bench\]"):
        baselines.BASELINES["knn"]().fit(waves(50))
