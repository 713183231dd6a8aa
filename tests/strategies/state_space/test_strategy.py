"""The whole-series strategies on tables of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.state_space.strategy import AutoregressionStrategy, FactorStrategy, StateSpaceStrategy
from latentfill.windows.gaps import interpolate
from latentfill.windows.windows import ScaledSeries

STRATEGIES = (AutoregressionStrategy, StateSpaceStrategy, FactorStrategy)
NONE = np.nan


def data(values: FloatArray, period: int | None = None) -> SeriesData:
    """A series without held-out cells, with a cycle of `period` steps."""
    step = np.arange(len(values))[:, None]
    clock = np.zeros((len(values), 0))
    if period:
        clock = np.concatenate([np.sin(2 * np.pi * step / period), np.cos(2 * np.pi * step / period)], axis=1)
    return SeriesData(ScaledSeries(values, clock), np.full_like(values, NONE), seed=0)


def walks(n_steps: int, columns: int, seed: int = 0) -> FloatArray:
    """Slow series that follow two common ones."""
    rng = np.random.default_rng(seed)
    common = np.cumsum(rng.normal(size=(n_steps, 2)), axis=0)
    series = common @ rng.normal(size=(2, columns)) + 0.3 * rng.normal(size=(n_steps, columns))
    return (series - series.mean(axis=0)) / series.std(axis=0)


def with_gaps(values: FloatArray, share: float = 0.2, seed: int = 1) -> FloatArray:
    return np.where(np.random.default_rng(seed).random(values.shape) < share, NONE, values)


@pytest.mark.parametrize("strategy", [StateSpaceStrategy, FactorStrategy])
def test_related_columns_fill_each_other_better_than_lines(strategy: type[StateSpaceStrategy]):
    truth = walks(400, 12)
    values = with_gaps(truth)
    estimate = strategy.fit(data(values)).estimate(values, np.zeros((400, 0))).values
    gaps = np.isnan(values)
    assert np.mean((estimate - truth)[gaps] ** 2) < 0.5 * np.mean((interpolate(values) - truth)[gaps] ** 2)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_saved_strategy_estimates_the_same(strategy: type[StateSpaceStrategy]):
    values = with_gaps(walks(200, 4))
    values[:, 0] = np.abs(values[:, 0]) ** 3  # skewed, so that its scale may be a root
    fitted = strategy.fit(data(values, period=24))
    clock = data(values, period=24).series.clock
    first, second = (s.estimate(values, clock) for s in (fitted, strategy.load(fitted.state())))
    for name in ("values", "spread", "residual"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_residuals_are_those_of_the_series_without_the_reading():
    values = with_gaps(walks(120, 2))
    fitted = StateSpaceStrategy.fit(data(values))
    whole, clock = fitted.estimate(values, np.zeros((120, 0))), np.zeros((120, 0))
    for step, column in ((40, 0), (41, 1), (77, 0)):
        if np.isnan(values[step, column]):
            continue
        without = values.copy()
        without[step, column] = NONE
        left_out = fitted.estimate(without, clock)
        assert whole.residual[step, column] == pytest.approx(
            values[step, column] - left_out.values[step, column], abs=0.05
        )
        assert whole.spread[step, column] == pytest.approx(left_out.spread[step, column], rel=0.1)


def test_windows_are_estimated_from_their_own_cells():
    values = with_gaps(walks(300, 3))
    fitted = StateSpaceStrategy.fit(data(values))
    windows = values[:240].reshape(5, 48, 3)
    together = fitted.estimate(windows, np.zeros((5, 48, 0))).values
    alone = fitted.estimate(windows[2:3], np.zeros((1, 48, 0))).values
    np.testing.assert_allclose(together[2], alone[0], atol=1e-9)


def constant() -> FloatArray:
    return np.where(np.arange(60)[:, None] % 7 == 3, NONE, np.array([2.0, 0.0]))


def identical() -> FloatArray:
    return with_gaps(np.repeat(walks(150, 1), 3, axis=1))


def one_cell() -> FloatArray:
    values = np.full((40, 2), NONE)
    values[20, 0], values[:, 1] = 1.0, np.arange(40) / 20 - 1
    return values


def nearly_empty() -> FloatArray:
    return with_gaps(walks(400, 3), share=0.99)


def empty_column() -> FloatArray:
    values = with_gaps(walks(80, 3))
    values[:, 1] = NONE
    return values


def exponential() -> FloatArray:
    values = np.exp(np.arange(200) / 10)[:, None] * np.array([1.0, 2.0])
    return with_gaps((values - values.mean(axis=0)) / values.std(axis=0))


def blackout() -> FloatArray:
    values = walks(300, 3)
    values[60:240] = NONE
    return values


def more_columns_than_rows() -> FloatArray:
    return with_gaps(walks(15, 30))


def drift() -> FloatArray:
    values = np.cumsum(0.3 + np.random.default_rng(5).normal(size=(300, 1)), axis=0)
    return with_gaps((values - values.mean()) / values.std())


def one_column() -> FloatArray:
    return with_gaps(walks(100, 1))


def thirteen_rows() -> FloatArray:
    return with_gaps(walks(13, 3))


def two_rows() -> FloatArray:
    return np.array([[1.0, NONE], [-1.0, 0.5]])


def two_readings() -> FloatArray:
    """Two columns of two nearly equal readings each, far apart, beside a full one."""
    values = walks(300, 3)
    values[:, 1:] = NONE
    values[[10, 200], 1], values[[60, 61], 2] = (0.5, 0.51), (-0.3, -0.2)
    return values


BAD = (
    constant,
    identical,
    one_cell,
    nearly_empty,
    empty_column,
    exponential,
    blackout,
    more_columns_than_rows,
    drift,
    one_column,
    thirteen_rows,
    two_rows,
    two_readings,
)


@pytest.mark.parametrize("make", BAD)
@pytest.mark.parametrize("period", [None, 6])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_bad_input_gives_finite_estimates_near_the_observed_range(
    strategy: type[StateSpaceStrategy], period: int | None, make
):
    values = make()
    held_out = np.random.default_rng(3).random(values.shape) < 0.1
    visible = np.where(held_out, NONE, values)
    given = data(visible, period)
    estimate = strategy.fit(replace(given, truth=np.where(held_out, values, NONE))).estimate(values, given.series.clock)
    assert np.isfinite(estimate.values).all()
    assert np.isfinite(estimate.spread).all()
    assert np.isfinite(estimate.residual).all()
    assert (estimate.spread > 0).all()
    assert np.abs(estimate.values).max() < 5 * max(1.0, np.nanmax(np.abs(values)))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_readings_beyond_all_measure_give_finite_estimates(strategy: type[StateSpaceStrategy]):
    values = with_gaps(walks(100, 3))
    fitted = strategy.fit(data(values))
    values[50, 0] = 1e300
    estimate = fitted.estimate(values, np.zeros((100, 0)))
    assert np.isfinite(estimate.values).all()
    assert np.isfinite(estimate.spread).all()
