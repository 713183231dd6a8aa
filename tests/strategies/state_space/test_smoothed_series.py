"""Tables whose gaps are filled by their smoothed series."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray, Series
from latentfill.strategies.state_space.smoothed_series import smoothed
from latentfill.windows.gaps import interpolate


def table(columns: int) -> tuple[FloatArray, FloatArray]:
    """Related columns, and the same with gaps."""
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(400, 1)), axis=0)
    truth = walk * rng.uniform(0.5, 2, columns) + 0.1 * rng.normal(size=(400, columns)) + 1000
    values = truth.copy()
    for column in range(columns):
        start = 20 + 30 * (column % 10)
        values[start : start + 15, column] = np.nan
    return truth, values


def as_series(values: FloatArray) -> Series:
    return Series(values, tuple(f"c{i}" for i in range(values.shape[1])), None, np.arange(len(values)))


@pytest.mark.parametrize("columns", [4, 40])
def test_gaps_follow_the_other_columns_and_readings_stay(columns: int):
    truth, values = table(columns)
    filled = smoothed(as_series(values), seed=0).values
    missing = np.isnan(values)
    np.testing.assert_array_equal(filled[~missing], values[~missing])
    error = ((filled - truth)[missing] ** 2).mean()
    assert error < 0.2 * ((interpolate(values) - truth)[missing] ** 2).mean()


def test_an_empty_column_stays_empty():
    _, values = table(3)
    values[:, 1] = np.nan
    filled = smoothed(as_series(values), seed=0).values
    assert np.isnan(filled[:, 1]).all()
    assert np.isfinite(filled[:, [0, 2]]).all()
