"""Windows filled by smoothing the whole series: which cells the estimates rest on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.fitting import fit as fitting
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.fitting.smoothed_series import SmoothedSeries, smoothed_values
from latentfill.imputation.validation.holdout import hold_out
from latentfill.scoring.demo_table import Sample
from latentfill.scoring.encoders import open_encoders
from latentfill.windows.gaps import interpolate
from latentfill.windows.windows import ScaledSeries

LENGTH = 12


class Recording:
    """An embedder that gives the means of the columns of smoothed windows, and records these windows."""

    name, settings, weights_digest, length, horizon = "recording", {}, None, None, 0
    reads_smoothed = True

    def __init__(self, *, costly: bool) -> None:
        self.costly = costly
        self.seen: list[np.ndarray] = []

    def embed(self, raw):
        self.seen.append(raw.smoothed.scaled)
        return raw.smoothed.scaled.mean(axis=1)[:, :, None].astype(np.float32)


@pytest.fixture
def series() -> ScaledSeries:
    """A slow wave in two columns of 120 steps; the first ends with a gap at step 23, the last of its window."""
    wave = np.sin(np.arange(120) / 5)
    values = np.stack([wave, wave + 0.1 * np.cos(np.arange(120.0))], axis=1)
    values[18:24] = np.nan
    values[60:63, 0] = np.nan
    return ScaledSeries(values, np.zeros((120, 0)))


def test_a_window_of_the_series_is_estimated_from_all_of_it(series: ScaledSeries):
    smoothed = SmoothedSeries.fit(series, Config())
    windows = series.cut(np.array([12, 54]), LENGTH)
    estimate = smoothed.estimate(windows)
    alone = smoothed.model.estimate(windows.values, windows.clock).values
    truth = np.sin(np.arange(18, 24) / 5)
    assert np.abs(estimate[0, 6:, 0] - truth).max() < 0.5 * np.abs(alone[0, 6:, 0] - truth).max()
    np.testing.assert_array_equal(estimate, smoothed.values[windows.starts[:, None] + np.arange(LENGTH)])


def test_a_window_with_hidden_cells_is_estimated_from_its_own_cells(series: ScaledSeries):
    smoothed = SmoothedSeries.fit(series, Config())
    whole = series.cut(np.array([54, 80]), LENGTH)
    hidden = np.zeros(whole.values.shape, dtype=bool)
    hidden[0, 2, 1] = True
    windows = whole.without(hidden)
    estimate = smoothed.estimate(windows)
    alone = smoothed.model.estimate(windows.values[:1], windows.clock[:1]).values
    np.testing.assert_array_equal(estimate[:1], alone)
    np.testing.assert_array_equal(estimate[1], smoothed.values[80:92])


def test_windows_of_another_table_are_estimated_from_their_own_cells(series: ScaledSeries):
    smoothed = SmoothedSeries.fit(series, Config())
    other = replace(series.cut(np.array([54, 54, 0]), LENGTH), starts=np.array([54, 500, 18]))
    values = other.values.copy()
    values[0] += 1.0  # other values at the same time
    values[2, :6], values[2, 6:] = 3.0, np.nan  # readings where the series has only gaps
    blank = np.where(np.arange(120)[:, None] < 40, np.nan, series.values)
    gone = SmoothedSeries(replace(series, values=blank), smoothed.model)
    for source in (smoothed, gone):
        other = replace(other, values=values)
        np.testing.assert_array_equal(source.estimate(other), smoothed.model.estimate(values, other.clock).values)


def test_cells_that_were_held_out_may_be_read_again(series: ScaledSeries):
    held = np.zeros(series.values.shape, dtype=bool)
    held[55, 0] = True
    smoothed = SmoothedSeries.fit(series.without(held), Config())
    estimate = smoothed.estimate(series.cut(np.array([54]), LENGTH))
    np.testing.assert_array_equal(estimate[0], smoothed.values[54:66])


@pytest.mark.parametrize("costly", [False, True])
def test_held_out_cells_change_no_smoothed_window(sample: Sample, quick, monkeypatch: pytest.MonkeyPatch, costly: bool):
    """Huge values in them reach no embedder, in training, in validation and in the bank of neighbours."""
    series = Series(sample.values, sample.columns, sample.time, np.arange(len(sample.time)))
    config = Config(**quick, candidates=("linear", "neighbours", "denoise"))

    def windows_seen() -> list[np.ndarray]:
        embedder = Recording(costly=costly)
        factory = open_encoders(("mine",), config, series, {"mine": embedder})["mine"]
        fit_series(series, config, FitInputs(encoder=factory))
        return embedder.seen[1:]  # the first call only tells the size of the vectors

    def hold_out_huge_cells(series, config, **options):
        held_out = hold_out(series, config, **options)
        values = np.where(held_out.score | held_out.tuning, 1e6, series.values)
        return replace(held_out, series=replace(series, values=values))

    before = windows_seen()
    monkeypatch.setattr(fitting, "hold_out", hold_out_huge_cells)
    after = windows_seen()
    assert len(before) == len(after) > 3
    for one, other in zip(before, after, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_array_equal(one, other)


def test_gaps_of_a_table_are_filled_and_read_values_kept(hourly: Callable[..., Series]):
    whole = hourly(200, 2)
    gappy = replace(whole, values=whole.values.copy())
    gappy.values[40:52, 0] = gappy.values[90:94] = np.nan
    filled = smoothed_values(gappy, Config())
    gaps = np.isnan(gappy.values)
    np.testing.assert_array_equal(filled[~gaps], whole.values[~gaps])
    error, linear = (np.abs(fill - whole.values)[gaps].mean() for fill in (filled, interpolate(gappy.values)))
    assert error < linear


@pytest.mark.parametrize("columns", [4, 40])
def test_gaps_follow_the_other_columns(columns: int):
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(400, 1)), axis=0)
    truth = walk * rng.uniform(0.5, 2, columns) + 0.1 * rng.normal(size=(400, columns)) + 1000
    values = truth.copy()
    for column in range(columns):
        start = 20 + 30 * (column % 10)
        values[start : start + 15, column] = np.nan
    names = tuple(f"c{i}" for i in range(columns))
    filled = smoothed_values(Series(values, names, None, np.arange(400)), Config())
    missing = np.isnan(values)
    assert ((filled - truth)[missing] ** 2).mean() < 0.2 * ((interpolate(values) - truth)[missing] ** 2).mean()


def test_a_column_without_values_is_filled_with_zero(hourly: Callable[..., Series]):
    series = hourly(60, 2)
    series.values[:, 1] = np.nan
    assert smoothed_values(series, Config())[:, 1].tolist() == [0.0] * 60


def test_a_series_with_too_few_values_is_refused(hourly: Callable[..., Series]):
    series = hourly(60, 2)
    series.values[5:] = np.nan
    with pytest.raises(InputError, match=r"5 of its 60 rows have a value, and 12 are needed.*rough_fill linear"):
        smoothed_values(series, Config())
