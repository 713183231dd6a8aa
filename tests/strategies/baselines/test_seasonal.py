import numpy as np

from latentfill.strategies.baselines.interpolation import Linear
from latentfill.strategies.baselines.seasonal import Seasonal
from latentfill.windows.windows import ScaledSeries

NAN = np.nan


def waves(n_steps: int, period: int = 24) -> np.ndarray:
    """Two columns with a daily cycle, (n_steps, 2)."""
    angle = 2 * np.pi * np.arange(n_steps) / period
    return np.stack([np.sin(angle), np.cos(angle) + 0.2 * np.sin(2 * angle)], axis=1)


def test_seasonal_finds_the_period_and_repeats_it():
    truth = waves(96, period=12)
    gappy = truth.copy()
    gappy[30:42] = NAN  # a whole period
    baseline = Seasonal().fit(waves(600, period=12))
    assert baseline.period_ == 12
    np.testing.assert_allclose(baseline.fill(gappy), truth, atol=0.1)


def test_seasonal_follows_a_rising_level():
    truth = waves(120) + 0.1 * np.arange(120)[:, None]  # 2.4 a day
    gappy = truth.copy()
    gappy[55:65] = NAN
    error = np.abs(Seasonal().fit(waves(480)).fill(gappy) - truth)
    assert error.max() < 0.2


def test_seasonal_without_a_second_period_is_linear():
    gappy = waves(20)
    gappy[5:9] = NAN
    train = waves(480)
    expected = Linear().fit(train).fill(gappy)
    np.testing.assert_allclose(Seasonal().fit(train).fill(gappy), expected)


def test_seasonal_takes_its_period_from_the_clock():
    rng = np.random.default_rng(0)
    drift = np.cumsum(rng.normal(size=(4000, 2)), axis=0)  # hides the cycle of five-minute data: 288 steps
    angle = 2 * np.pi * np.arange(4000)[:, None] / 288
    series = ScaledSeries(waves(4000, period=288) + drift, np.concatenate([np.sin(angle), np.cos(angle)], axis=1))
    assert Seasonal().fit_series(series).period_ == 288


def test_seasonal_without_a_clock_finds_its_period():
    assert Seasonal().fit_series(ScaledSeries(waves(600, period=12), np.zeros((600, 0)))).period_ == 12
