"""Kriging of skewed columns as square roots."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import BoolArray, FloatArray
from latentfill.strategies.kriging.kriging import Kriging
from latentfill.strategies.square_root import SquareRoots
from latentfill.windows.training_data import HeldOutWindows
from latentfill.windows.windows import ScaledSeries, Windows, window_starts

L, T = 16, 4000
COLUMNS = 2


def skewed(seed: int) -> FloatArray:
    """Exponentials (T, 2) of a persistent process, with a lowest value that is not 0."""
    rng = np.random.default_rng(seed)
    hidden = np.zeros((T, COLUMNS))
    for t in range(1, T):
        hidden[t] = 0.95 * hidden[t - 1] + 0.3 * rng.normal(size=COLUMNS)
    return np.exp(1.5 * hidden) - 1.0


def windows_of(series: FloatArray) -> Windows:
    return ScaledSeries(series, np.zeros((len(series), 0))).cut(window_starts(len(series), L, L), L)


def fitted(*roots: bool) -> Kriging:
    """Kriging of the first half of a series."""
    series = skewed(0)[: T // 2]
    model, windows = Kriging(L, COLUMNS, 0), windows_of(series)
    hidden = np.random.default_rng(1).random(windows.values.shape) < 0.1
    tuning = HeldOutWindows.hiding(windows, hidden)
    model.fit(ScaledSeries(series, np.zeros((len(series), 0))), tuning, SquareRoots.of(np.array(roots), series))
    return model


@pytest.fixture(scope="module")
def unseen() -> Windows:
    return windows_of(skewed(0)[T // 2 :])


@pytest.fixture(scope="module")
def hidden(unseen: Windows) -> BoolArray:
    return np.random.default_rng(2).random(unseen.values.shape) < 0.3


def test_square_roots_lower_the_error_of_skewed_columns(unseen: Windows, hidden: BoolArray):
    errors = [
        np.square(model.estimate(unseen.without(hidden)).mean.numpy() - unseen.values)[hidden].mean()
        for model in (fitted(True, True), fitted(False, False))
    ]
    assert errors[0] < 0.95 * errors[1]


def test_the_spread_matches_the_error(unseen: Windows, hidden: BoolArray):
    kriged = fitted(True, True).estimate(unseen.without(hidden))
    ratio = ((kriged.mean.numpy() - unseen.values) / kriged.spread.numpy())[hidden]
    assert 0.8 < np.sqrt((ratio**2).mean()) < 1.25
    residual = (kriged.residual / kriged.spread).numpy()[~hidden]
    assert 0.8 < np.sqrt((residual**2).mean()) < 1.25


def test_a_column_without_roots_is_kriged_as_before_beside_one_with_roots(unseen: Windows, hidden: BoolArray):
    both, none = (fitted(True, False).estimate(unseen.without(hidden)), fitted(False, False))
    plain = none.estimate(unseen.without(hidden)).mean.numpy()[..., 1]
    assert np.abs(both.mean.numpy()[..., 1] - plain).mean() < 0.05 * plain.std()


def test_estimates_are_never_below_the_lowest_reading(unseen: Windows, hidden: BoolArray):
    kriged = fitted(True, True).estimate(unseen.without(hidden))
    assert kriged.mean.numpy()[hidden].min() >= skewed(0)[: T // 2].min()


def test_observed_cells_keep_their_values(unseen: Windows, hidden: BoolArray):
    mean = fitted(True, True).estimate(unseen.without(hidden)).mean.numpy()
    np.testing.assert_array_equal(mean[~hidden], unseen.values[~hidden])


def test_a_reloaded_model_gives_the_same_estimates(unseen: Windows, hidden: BoolArray):
    model, back = fitted(True, True), Kriging(L, COLUMNS, 0)
    back.load_state_dict(model.state_dict())
    for part, other in zip(*(each.estimate(unseen.without(hidden)) for each in (model, back)), strict=True):
        np.testing.assert_array_equal(part.numpy(), other.numpy())
