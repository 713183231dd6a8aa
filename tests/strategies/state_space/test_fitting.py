"""Fitting whole-series models: what is learnt from which cells, groups of columns, and square roots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.state_space import fitting
from latentfill.strategies.state_space.fitting import fit_alone, fit_factors, fit_together
from latentfill.strategies.state_space.saving import state_of
from latentfill.windows.windows import ScaledSeries

T = 200
FITS = (fit_alone, fit_together, fit_factors)


def related(columns: int = 3) -> FloatArray:
    """Columns (T, C) that follow one walk, in standard deviations."""
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(size=(T, 1)), axis=0) * rng.uniform(0.5, 2, columns) + rng.normal(size=(T, columns))
    return (values - values.mean(axis=0)) / values.std(axis=0)


def data(values: FloatArray) -> SeriesData:
    """A series without a cycle, with a tenth of the cells held out for tuning."""
    tuning = np.random.default_rng(1).random(values.shape) < 0.1
    series = ScaledSeries(np.where(tuning, np.nan, values), np.zeros((len(values), 0)))
    return SeriesData(series, np.where(tuning, values, np.nan), seed=0)


@pytest.mark.parametrize("fit", FITS)
def test_values_of_tuning_cells_only_choose_and_are_not_learnt_from(fit):
    """Errors on tuning cells that are far off tell nothing apart, so the first choices are kept, whatever they are."""
    clean = data(related())
    states = [state_of(fit(replace(clean, truth=clean.truth + far))) for far in (1e6, 3e6, np.nan)]
    for name, array in states[0].items():
        assert np.abs(array).max(initial=0) < 100
        np.testing.assert_array_equal(array, states[1][name], err_msg=name)
        np.testing.assert_array_equal(array, states[2][name], err_msg=name)


@pytest.mark.parametrize("fit", FITS)
def test_fitting_repeats_itself_for_a_seed_and_not_for_another(fit):
    states = [state_of(fit(replace(data(related()), seed=seed))) for seed in (0, 0, 1)]
    assert all(np.array_equal(array, states[1][name]) for name, array in states[0].items())
    assert not all(np.array_equal(array, states[2][name]) for name, array in states[0].items())


def test_many_columns_are_fitted_in_groups_of_related_ones(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fitting, "MOST_TOGETHER", 2)
    first, second = related(2), related(2)[::-1]
    values = np.stack([first[:, 0], second[:, 0], first[:, 1], second[:, 1]], axis=1)
    model = fit_together(data(values))
    assert sorted(map(tuple, model.order.reshape(2, 2).tolist())) == [(0, 2), (1, 3)]
    assert [block.model.noise.shape for block in model.blocks] == [(1, 2), (1, 2)]


def test_estimates_keep_the_order_of_the_columns_when_they_are_grouped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fitting, "MOST_TOGETHER", 2)
    values = related(4) * np.array([1, 10, 100, 1000])
    series = data(values).series
    estimate = fit_together(data(values)).estimate(series.values, series.clock).values
    gaps = np.isnan(series.values)
    for c in range(4):
        assert np.abs(estimate - values)[gaps[:, c], c].mean() < 0.6 * values[:, c].std()


def test_skewed_columns_become_roots_if_that_lowers_their_error():
    hidden = np.zeros((400, 2))
    for step, move in enumerate(np.random.default_rng(0).normal(size=(399, 2))):
        hidden[step + 1] = 0.8 * hidden[step] + 0.6 * move
    skewed = np.stack([np.maximum(hidden[:, 0] + 1, 0) ** 2, hidden[:, 1]], axis=1)
    skewed = (skewed - skewed.mean(axis=0)) / skewed.std(axis=0)
    root = fit_alone(data(skewed)).scale.roots.root
    assert root.tolist() == [True, False]
    without = replace(data(skewed), truth=np.full_like(skewed, np.nan))
    assert not fit_alone(without).scale.roots.root.any()


def test_factors_fill_a_table_of_two_factors_better_than_each_column_alone():
    rng = np.random.default_rng(3)
    truth = np.cumsum(rng.normal(size=(T, 2)), axis=0) @ rng.normal(size=(2, 15)) + 0.5 * rng.normal(size=(T, 15))
    truth = (truth - truth.mean(axis=0)) / truth.std(axis=0)
    truth[:, 3] = rng.permutation(truth[:, 3])  # follows nothing
    gappy = np.where(rng.random(truth.shape) < 0.25, np.nan, truth)
    gaps, clock = np.isnan(gappy), np.zeros((T, 0))
    errors = [
        np.mean((fit(data(gappy)).estimate(gappy, clock).values - truth)[gaps] ** 2) for fit in (fit_factors, fit_alone)
    ]
    assert errors[0] < 0.7 * errors[1]
