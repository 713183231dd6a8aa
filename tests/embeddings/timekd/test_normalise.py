from __future__ import annotations

import numpy as np

from latentfill.embeddings.timekd.normalise import FLATTEST_WINDOW, LARGEST_VALUE, normalise


def test_a_window_loses_its_mean_and_spread_which_are_kept_beside_it():
    found = normalise(np.array([[[0.0], [2.0], [0.0], [2.0]]]))
    assert found.tokens.tolist() == [[[-1, 1, -1, 1]]]
    assert (found.level.item(), found.spread.item()) == (1, 1)


def test_mean_and_spread_are_those_of_the_observed_cells_and_gaps_are_bridged():
    found = normalise(np.array([[[0.0], [np.nan], [2.0], [np.nan]]]))  # bridged 1, held 2
    assert found.tokens.tolist() == [[[-1, 0, 1, 1]]]
    assert (found.level.item(), found.spread.item()) == (1, 1)


def test_a_column_without_any_observed_cell_is_zero():
    values = np.ones((2, 4, 3))
    values[:, :, 1] = np.nan
    found = normalise(values)
    assert (found.tokens == 0).all()
    assert found.level.tolist() == [[1, 0, 1]] * 2
    assert (found.spread == FLATTEST_WINDOW).all()


def test_values_beyond_all_reason_stay_finite():
    found = normalise(np.array([[[1e300], [-1e300], [0.0]]]))
    assert np.isfinite(found.tokens).all()
    assert found.spread.item() < LARGEST_VALUE
