"""Whole-series models as arrays, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.state_space.fitting import fit_alone, fit_factors, fit_together
from latentfill.strategies.state_space.saving import model_of, state_of
from latentfill.windows.windows import ScaledSeries

PERIOD = 12


def data() -> SeriesData:
    """Twelve cycles of five columns whose shape recurs, one of them skewed, with tuning cells and gaps."""
    rng, step = np.random.default_rng(0), np.arange(12 * PERIOD)[:, None]
    shape = np.cumsum(rng.normal(size=(12, PERIOD, 5)), axis=0).reshape(-1, 5) / 3
    values = np.where(np.arange(5) == 2, np.exp(shape), shape)
    clock = np.concatenate([np.sin(2 * np.pi * step / PERIOD), np.cos(2 * np.pi * step / PERIOD)], axis=1)
    tuning, gaps = rng.random(values.shape) < 0.1, rng.random(values.shape) < 0.1
    return SeriesData(
        ScaledSeries(np.where(tuning | gaps, np.nan, values), clock), np.where(tuning, values, np.nan), seed=0
    )


def test_a_saved_model_knows_whether_windows_have_levels_of_their_own():
    for alone in (False, True):
        assert model_of(state_of(fit_together(replace(data(), alone=alone)))).own_levels == alone


@pytest.mark.parametrize("fit", [fit_alone, fit_together, fit_factors])
def test_a_model_made_of_its_arrays_estimates_the_same(fit):
    series = data().series
    model = fit(data())
    state = state_of(model)
    assert all(array.dtype == float for array in state.values())
    again = model_of({name: array.copy(order="C") for name, array in state.items()})
    assert [(b.period, b.degrees) for b in again.blocks] == [(b.period, b.degrees) for b in model.blocks]
    for name in ("values", "spread", "residual"):
        first, second = (getattr(m.estimate(series.values, series.clock), name) for m in (model, again))
        np.testing.assert_array_equal(first, second, err_msg=name)
    assert (again.factors is None) == (fit is not fit_factors)


def test_a_recurrence_is_stored():
    (block,) = fit_together(data()).blocks
    (again,) = model_of(state_of(fit_together(data()))).blocks
    assert block.period == again.period == PERIOD
    np.testing.assert_array_equal(again.recurrence, block.recurrence)
    assert block.recurrence.any()
