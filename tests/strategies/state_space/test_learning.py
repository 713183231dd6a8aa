"""Learning autoregressions: the plan, long series, and when learning stops."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space import learning
from latentfill.strategies.state_space.learning import (
    AVERAGED_ROUNDS,
    FEW_COLUMNS,
    FEWEST_STEPS,
    LearningPlan,
    learn,
)


def autoregressive(n_steps: int, persistence: float = 0.9) -> FloatArray:
    """A series (1, T, 1) with variance 1, observed with noise of variance 0.05."""
    rng = np.random.default_rng(0)
    hidden = np.zeros(n_steps)
    for step in range(1, n_steps):
        hidden[step] = persistence * hidden[step - 1] + rng.normal()
    return (hidden / hidden.std() + np.sqrt(0.05) * rng.normal(size=n_steps))[None, :, None]


def test_parameters_are_found_in_spite_of_noise():
    model = learn(autoregressive(3000), LearningPlan(lags=1), np.random.default_rng(0))
    np.testing.assert_allclose(model.coefficients.item(), 0.9, atol=0.03)
    np.testing.assert_allclose(model.innovation.item() + model.noise.item(), 0.19 + 0.05, atol=0.04)


def test_readings_far_off_count_as_noise_where_noise_has_outliers():
    series = autoregressive(1500)
    series[0, ::50] += 20
    gaussian, robust = (
        learn(series, LearningPlan(lags=1, degrees=degrees), np.random.default_rng(0)) for degrees in (None, 4.0)
    )
    assert robust.innovation.item() < 0.1 * gaussian.innovation.item()
    np.testing.assert_allclose(robust.coefficients.item(), 0.9, atol=0.05)


def test_a_long_series_is_learnt_from_pieces():
    series = autoregressive(6000)
    pieces = learning._pieces(series, 2000)
    assert 1000 < pieces.shape[1] <= 2000
    assert np.isnan(pieces).any()
    assert learning._pieces(series, 6000) is series
    model = learn(series, LearningPlan(lags=1, most_steps=2000), np.random.default_rng(0))
    np.testing.assert_allclose(model.coefficients.item(), 0.9, atol=0.06)


def test_large_groups_are_learnt_in_fewer_rounds_from_fewer_steps():
    small, large = LearningPlan.of(2, None), LearningPlan.of(FEW_COLUMNS + 1, 4.0)
    assert small.most_rounds > large.most_rounds
    assert small.most_steps > large.most_steps >= FEWEST_STEPS
    assert (small.degrees, large.degrees) == (None, 4.0)
    assert LearningPlan.of(1000, None).most_steps == FEWEST_STEPS


def test_windows_alone_are_filled_by_columns_that_are_tied_less():
    """Two columns of which one follows the other: the ridge weakens the tie, and not the column's own persistence."""
    rng = np.random.default_rng(0)
    leader = autoregressive(2000)[0, :, 0]
    follower = np.append(0.0, leader[:-1]) + 0.1 * rng.normal(size=2000)
    series = np.stack([leader, follower], axis=-1)[None] / leader.std()
    ties = [
        learn(series, LearningPlan.of(2, None, alone=alone), np.random.default_rng(0)).coefficients[0, :, 1, 0].sum()
        for alone in (False, True)
    ]
    assert ties[0] > 0.5 > ties[1] > 0


def test_learning_stops_when_the_innovations_no_longer_change(monkeypatch):
    rounds = []
    refit = learning._refit
    monkeypatch.setattr(learning, "_refit", lambda *a: rounds.append(1) or refit(*a))
    learn(autoregressive(4000), LearningPlan(lags=1, most_rounds=200), np.random.default_rng(0))
    assert 2 * AVERAGED_ROUNDS <= len(rounds) < 200
    rounds.clear()
    learn(autoregressive(200), LearningPlan(most_rounds=3), np.random.default_rng(0))
    assert len(rounds) == 3
