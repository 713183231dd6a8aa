from __future__ import annotations

import numpy as np

from latentfill.strategies.boosted.partners import find_partners
from latentfill.strategies.boosted.training_cells import TrainingCells


def test_columns_have_the_same_number_of_cells_as_far_as_there_are_some(maker):
    first, truth = maker(steps=2000).example(0)
    truth[100:, 2] = np.nan
    few = int(np.isfinite(truth[:, 2]).sum())
    cells = TrainingCells.draw([(first, truth)], find_partners([first]), 500, seed=0)
    count = np.bincount(cells.column, minlength=3)
    assert count[2] == few
    assert count[0] == count[1] == (500 - few) // 2


def test_all_cells_are_used_if_they_are_few(maker):
    first, truth = maker(steps=200).example(0)
    cells = TrainingCells.draw([(first, truth)], find_partners([first]), 10_000, seed=0)
    assert len(cells.error) == np.isfinite(truth).sum()
    np.testing.assert_array_equal(cells.error, truth[np.isfinite(truth)])


def test_cells_to_fit_to_keep_a_distance_from_reserved_blocks(maker):
    first, truth = maker().example(0)
    cells = TrainingCells.draw([(first, truth)], find_partners([first]), 10_000, seed=0)
    reserved, fitting = cells.take(cells.reserved), cells.take(cells.fitting)
    distance = np.abs(reserved.time[:, None] - fitting.time).min()
    assert 0.004 < distance < 0.01
    assert 0.1 < len(reserved.time) / len(cells.time) < 0.2
