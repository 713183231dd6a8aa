"""Filling many series with one model: each like alone, whatever stands beside it."""

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.filling.fill_many import fill_many
from latentfill.imputation.fitting.pool import fit_pool
from latentfill.windows.gaps import interpolate

LENGTHS = (130, 60, 7, 200, 90, 131, 61, 150, 200, 40)


def wave(n_steps, rng, missing=0.2):
    """Two related columns that swing, with noise and gaps, at a level and with a size of their own."""
    phase = rng.uniform(0, 6) + np.arange(n_steps) / 3
    values = np.stack([np.sin(phase), np.sin(phase + 0.5)], axis=1) + 0.1 * rng.normal(size=(n_steps, 2))
    values = rng.normal(0, 50) + rng.uniform(1, 9) * values
    values[rng.random(values.shape) < missing] = np.nan
    return Series(values, ("a", "b"), None, np.arange(n_steps))


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(0)
    return [wave(n_steps, rng) for n_steps in LENGTHS]


@pytest.fixture(scope="module")
def fitted(series):
    return fit_pool(series, Config(length=24, intervals=0.9, candidates=("state_space", "kriging")))


def test_each_series_is_filled_as_if_it_were_alone(series, fitted):
    together = dict(fill_many(fitted, series))
    assert sorted(together) == list(range(len(series)))
    for number in (1, 2, 4):
        alone = fill_series(fitted.for_series(series[number]), series[number])
        assert np.allclose(together[number].values, alone.values, rtol=0, atol=1e-9)
        assert np.allclose(together[number].lower, alone.lower, rtol=0, atol=1e-9)
        assert (together[number].codes == alone.codes).all()


def test_observed_cells_are_returned_bit_for_bit(series, fitted):
    for number, filled in fill_many(fitted, series):
        observed = series[number].observed
        assert (filled.values[observed] == series[number].values[observed]).all()
        assert not np.isnan(filled.values).any()


def test_series_that_are_too_short_to_learn_from_borrow_from_the_others():
    rng = np.random.default_rng(1)
    whole = [wave(40, rng, missing=0) for _ in range(80)]
    gappy = []
    for each in whole:
        values = np.where(rng.random(each.values.shape) < 0.7, np.nan, each.values)
        gappy.append(Series(values, each.columns, None, each.rows))
    fitted = fit_pool(gappy, Config())
    error, of_lines = 0.0, 0.0
    for number, filled in fill_many(fitted, gappy):
        truth, hidden = whole[number].values, ~gappy[number].observed
        spread = truth.std()
        error += ((filled.values - truth)[hidden] ** 2).sum() / spread**2
        of_lines += ((interpolate(gappy[number].values) - truth)[hidden] ** 2).sum() / spread**2
    assert error < 0.5 * of_lines


def test_a_column_that_a_series_lacks_is_filled_from_its_other_columns(series, fitted):
    values = series[3].values.copy()
    values[:, 1] = np.nan
    (filled,) = (filled for _, filled in fill_many(fitted, [Series(values, ("a", "b"), None, np.arange(200))]))
    known = series[3].observed[:, 1]
    assert np.corrcoef(filled.values[known, 1], series[3].values[known, 1])[0, 1] > 0.8


def test_a_pool_needs_an_observed_cell():
    empty = Series(np.full((20, 1), np.nan), ("a",), None, np.arange(20))
    with pytest.raises(InputError, match="nothing to learn from"):
        fit_pool([empty, empty], Config())
