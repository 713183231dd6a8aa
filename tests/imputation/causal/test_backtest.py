"""Backtests: errors on readings after all that the strategies were learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.causal.backtest import ORIGINS, ROUNDS, backtest
from latentfill.imputation.causal.strategies import PastStrategies
from latentfill.windows.windows import ScaledSeries

GROWTH = 1.5


def series_of(values: np.ndarray) -> ScaledSeries:
    return ScaledSeries(values.reshape(-1, 1), np.zeros((len(values), 0)))


def test_errors_are_of_steps_after_the_origins():
    errors = backtest(series_of(np.random.default_rng(0).normal(size=300)), GROWTH, seed=0)
    assert errors.cells.step.min() >= 300 / GROWTH**ORIGINS - 1
    assert errors.cells.n_rounds == ORIGINS * ROUNDS
    in_last = errors.cells.hiding_round < ROUNDS
    assert errors.cells.step[in_last].min() >= 200
    assert errors.cells.step[~in_last].max() < 200


def test_what_is_learnt_ends_at_the_origin(monkeypatch: pytest.MonkeyPatch):
    learnt_from, fit = [], PastStrategies.fit
    monkeypatch.setattr(
        PastStrategies, "fit", lambda series, seed: learnt_from.append(series.n_steps) or fit(series, seed)
    )
    backtest(series_of(np.random.default_rng(0).normal(size=300)), GROWTH, seed=0)
    assert learnt_from == [200, 133]
