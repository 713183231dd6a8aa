"""Errors of random completed tables: persistent in time, related across columns, and calibrated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.imputation.filling.error_draws import SLOW_SHARE, SLOW_STEPS, with_slow_part
from latentfill.strategies.state_space.strategy import StateSpaceStrategy
from latentfill.windows.windows import ScaledSeries

STEPS = 1500


def table_with_gaps() -> tuple[pd.DataFrame, np.ndarray]:
    """Three persistent columns, two of them alike, with gaps of a day; the complete table, and where the gaps are."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(STEPS, 3))
    for step in range(1, STEPS):
        values[step] += 0.95 * values[step - 1]
    values[:, 1] = values[:, 0] + 0.3 * values[:, 1]
    hidden = np.zeros(values.shape, dtype=bool)
    for start in range(20, STEPS - 30, 60):
        hidden[start : start + 24] = True
    time = pd.date_range("2024-01-01", periods=STEPS, freq="h")
    return pd.DataFrame(values, columns=["a", "b", "c"]).assign(time=time), hidden


def samples_of(strategy: str, count: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random completed tables (S, T, C), the complete table (T, C), and where values were hidden."""
    table, hidden = table_with_gaps()
    truth = table[["a", "b", "c"]].to_numpy()
    gappy = table.assign(**{c: np.where(hidden[:, i], np.nan, truth[:, i]) for i, c in enumerate("abc")})
    imputer = Imputer(strategy=strategy, samples=count).fit(gappy)
    return imputer.fill(gappy).filled.samples, truth, hidden


@pytest.mark.parametrize("strategy", ["linear", "state_space"])
def test_intervals_of_totals_over_gaps_cover_the_true_totals(strategy: str):
    """Whether the strategy is itself a whole-series model or not."""
    samples, truth, hidden = samples_of(strategy)
    starts = np.nonzero(np.diff(hidden[:, 0].astype(int)) == 1)[0] + 1
    totals = np.stack([samples[:, start : start + 24].sum(axis=1) for start in starts])  # (gaps, S, C)
    lowest, highest = np.quantile(totals, [0.05, 0.95], axis=1)
    true = np.stack([truth[start : start + 24].sum(axis=0) for start in starts])
    assert 0.8 <= ((lowest <= true) & (true <= highest)).mean() <= 0.98


def test_errors_persist_in_time_and_are_related_across_related_columns_alone():
    samples, _, hidden = samples_of("state_space")
    errors = (samples - samples.mean(axis=0))[:, hidden[:, 0]].reshape(len(samples), -1, 24, 3)
    middle = errors[:, :, 10:13]
    steps = np.corrcoef(middle[:, :, 0, 0].ravel(), middle[:, :, 1, 0].ravel())[0, 1]
    columns = np.corrcoef(middle[:, :, 1].reshape(-1, 3).T)
    assert steps > 0.8
    assert columns[0, 1] > 0.8
    assert abs(columns[0, 2]) < 0.15


def test_a_small_share_of_the_errors_changes_slowly_in_each_column_by_itself():
    rng = np.random.default_rng(0)
    series = ScaledSeries(np.zeros((200_000, 2)), np.zeros((200_000, 0)))
    slow = with_slow_part(np.zeros(series.values.shape), series, rng)
    np.testing.assert_allclose(slow.var(axis=0), SLOW_SHARE, rtol=0.2)
    a, b = (slow / slow.std(axis=0)).T
    assert abs(np.mean(a[SLOW_STEPS:] * a[:-SLOW_STEPS]) - np.exp(-1)) < 0.15
    assert abs(np.mean(a * b)) < 0.15
    assert np.var(with_slow_part(rng.normal(size=series.values.shape), series, rng)) == pytest.approx(1, abs=0.02)


def test_where_the_model_overflows_errors_are_drawn_independently(monkeypatch: pytest.MonkeyPatch):
    def overflow(*_: object) -> None:
        raise FloatingPointError

    monkeypatch.setattr(StateSpaceStrategy, "fit", overflow)
    samples, _, hidden = samples_of("linear", 40)
    errors = (samples - samples.mean(axis=0))[:, hidden[:, 0]].reshape(len(samples), -1, 24, 3)
    assert np.isfinite(errors).all()
    assert abs(np.corrcoef(errors[:, :, 10, 0].ravel(), errors[:, :, 11, 0].ravel())[0, 1]) < 0.15
