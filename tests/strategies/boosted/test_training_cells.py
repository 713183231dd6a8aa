from __future__ import annotations

import numpy as np

from latentfill.strategies.boosted.partners import find_partners
from latentfill.strategies.boosted.training_cells import TrainingCells


def test_columns_have_the_same_number_of_cells_as_far_as_there_are_some(maker):
    first, truth = maker(steps=1980).series(0)
    truth[100:, 2] = np.nan
    few = int(np.isfinite(truth[:, 2]).sum())
    cells = TrainingCells.draw([maker.training(first, truth)], find_partners([first]), 500, seed=0)
    count = np.bincount(cells.column, minlength=3)
    assert count[2] == few
    assert count[0] == count[1] == (500 - few) // 2


def test_all_cells_are_used_if_they_are_few(maker):
    first, truth = maker(steps=240).series(0)
    cells = TrainingCells.draw([maker.training(first, truth)], find_partners([first]), 10_000, seed=0)
    assert len(cells.error) == np.isfinite(truth).sum()
    np.testing.assert_array_equal(cells.error, truth[np.isfinite(truth)])


def test_cells_of_reserved_windows_are_reserved(maker):
    first, truth = maker(steps=600).series(0)
    example = maker.training(first, truth)
    cells = TrainingCells.draw([example], find_partners([first]), 10_000, seed=0)
    assert set(cells.time[cells.reserved]) == {0.0, 0.5}
    assert cells.reserved.sum() == np.isfinite(truth[:60]).sum() + np.isfinite(truth[300:360]).sum()
