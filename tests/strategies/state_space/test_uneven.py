"""Readings at uneven times on a regular grid."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.state_space.fitting import fit_together
from latentfill.strategies.state_space.uneven import MOST_ROWS_PER_READING, UnevenGrid
from latentfill.windows.windows import ScaledSeries


def test_times_lie_on_the_coarsest_common_grid():
    grid = UnevenGrid.of(np.array([100, 130, 160, 250]))
    assert grid.step == 30
    assert grid.row.tolist() == [0, 1, 2, 5]
    assert grid.n_rows == 6


def test_rows_hold_the_mean_of_their_readings_and_estimates_come_back():
    grid = UnevenGrid.of(np.array([0, 10, 10, 30]))
    rows = grid.put(np.array([[1.0, np.nan], [2.0, 5.0], [4.0, np.nan], [7.0, 8.0]]))
    np.testing.assert_array_equal(rows, [[1, np.nan], [3, 5], [np.nan, np.nan], [7, 8]])
    np.testing.assert_array_equal(grid.take(rows)[:, 0], [1, 3, 3, 7])
    np.testing.assert_array_equal(grid.take(np.stack([rows, rows]))[1, :, 0], [1, 3, 3, 7])


def test_irregular_times_get_a_fine_grid_of_limited_size():
    times = np.cumsum(np.random.default_rng(0).integers(10**6, 10**8, 500))
    grid = UnevenGrid.of(times)
    assert grid.n_rows <= MOST_ROWS_PER_READING * 500 + 1
    moved = np.abs(times - times[0] - grid.row * grid.step)
    assert moved.max() <= grid.step / 2 <= np.median(np.diff(times)) / 8 + 1


@pytest.mark.parametrize("times", [[5], [7, 7, 7]])
def test_readings_at_one_time_share_a_row(times: list[int]):
    grid = UnevenGrid.of(np.array(times))
    assert grid.n_rows == 1
    assert grid.put(np.ones((len(times), 1))).tolist() == [[1.0]]


def test_times_that_go_back_are_refused_with_both_of_them():
    with pytest.raises(InputError, match="8 follows 9"):
        UnevenGrid.of(np.array([1, 9, 8]))


def test_the_time_between_readings_counts():
    """A slow wave that is read in bursts: by row number its steps are uneven, in time it is smooth."""
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.choice([1, 1, 1, 12], 600))
    truth = np.sin(times / 9)[:, None]
    hidden = rng.random(600) < 0.2
    hidden[[0, -1]] = False
    values = np.where(hidden[:, None], np.nan, truth + 0.02 * rng.normal(size=truth.shape))
    grid = UnevenGrid.of(times)

    def error(rows: np.ndarray, back: np.ndarray) -> float:
        series = ScaledSeries(rows, np.zeros((len(rows), 0)))
        model = fit_together(SeriesData(series, np.full(rows.shape, np.nan), seed=0))
        estimate = model.estimate(rows, series.clock).values[back]
        return float(((estimate - truth)[hidden] ** 2).mean())

    assert error(grid.put(values), grid.row) < 0.3 * error(values, np.arange(600))
