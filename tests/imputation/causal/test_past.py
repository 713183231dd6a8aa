"""What is known of a cell from earlier steps alone."""

from __future__ import annotations

import numpy as np

from latentfill.imputation.causal.past import cycle_ago, last_reading, past_cells

MISSING = np.nan


def test_the_last_reading_is_carried_forward():
    values = np.array([[MISSING, 1, MISSING, MISSING, 2]]).T
    np.testing.assert_array_equal(last_reading(values)[:, 0], [MISSING, 1, 1, 1, 2])


def test_a_cycle_ago_is_the_last_reading_in_the_same_phase():
    values = np.array([1, 2, 3, MISSING, 5, 6, 7, MISSING]).reshape(-1, 1)  # phases 1 4 7, 2 5 8, 3 6
    np.testing.assert_array_equal(cycle_ago(values, 3)[:, 0], [MISSING] * 3 + [1, 2, 3, 1, 5])
    several = np.stack([values, 10 * values])
    np.testing.assert_array_equal(cycle_ago(several, 3), np.stack([cycle_ago(each, 3) for each in several]))


def test_a_cycle_longer_than_the_series_tells_nothing():
    assert np.isnan(cycle_ago(np.ones((4, 1)), 9)).all()


def test_the_kind_of_a_gap_is_its_length_so_far():
    values = np.array([[0, MISSING, MISSING, MISSING, MISSING, 1]]).T
    cells = past_cells(np.isnan(values), values)
    assert cells.kind.tolist() == [0, 1, 1, 2]  # 1 step, 2-3, 4-6
    assert cells.gap.tolist() == [1, 1, 1, 1]
