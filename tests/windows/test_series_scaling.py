"""Scaling of each of many series by itself."""

import numpy as np

from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.series_scaling import SeriesScaler

RNG = np.random.default_rng(0)
SMALL, LARGE = RNG.normal(0, 1, (200, 1)), RNG.normal(1000, 50, (200, 1))


def fitted(series):
    return SeriesScaler.fit(series, ColumnScaler.fit(np.concatenate(series)), "standard")


def test_series_of_different_size_have_the_same_scaled_values():
    scaler = fitted([SMALL, LARGE])
    for values in (SMALL, LARGE):
        scaled = scaler.of(values).apply(values)
        assert abs(scaled.mean()) < 0.1
        assert 0.8 < scaled.std() < 1.25


def test_level_and_spread_of_a_series_with_few_cells_are_pulled_to_the_typical_ones():
    scaler = fitted([SMALL, SMALL + 2, SMALL - 2])
    few = np.full((50, 1), np.nan)
    few[:2, 0] = [7.0, 8.0]
    own = scaler.of(few)
    assert scaler.typical.shift[0] + 0.1 < own.shift[0] < 5
    assert 0.9 * scaler.typical.scale[0] < own.scale[0] < scaler.typical.scale[0]


def test_levels_are_pulled_more_where_series_differ_less():
    few = np.full((50, 1), np.nan)
    few[:9, 0] = 7 + np.arange(9) / 10
    alike, different = fitted([SMALL, SMALL + 0.5, SMALL - 0.5]), fitted([SMALL, SMALL + 20, SMALL - 20])
    assert alike.of(few).shift[0] < 2
    assert different.of(few).shift[0] > 6.5


def test_a_series_without_a_cell_gets_the_typical_scale():
    scaler = fitted([SMALL, SMALL + 2])
    own = scaler.of(np.full((5, 1), np.nan))
    assert own.shift[0] == scaler.typical.shift[0]
    assert np.isclose(own.scale[0], scaler.typical.scale[0])


def test_the_range_of_a_series_is_that_of_all_in_scaled_units_within_what_was_observed():
    scaler = fitted([SMALL, LARGE])
    own = scaler.of(LARGE)
    assert own.high[0] <= LARGE.max()
    assert own.low[0] >= SMALL.min()
    assert own.low[0] < LARGE.min() + 50
    assert scaler.of(SMALL).high[0] < 10


def test_a_column_that_is_constant_in_a_series_has_the_typical_spread():
    scaler = fitted([SMALL, SMALL + 2, np.full((30, 1), 5.0)])
    assert np.isclose(scaler.of(np.full((1000, 1), 5.0)).scale[0], scaler.typical.scale[0])
