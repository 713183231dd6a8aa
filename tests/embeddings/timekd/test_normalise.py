from __future__ import annotations

import numpy as np

from latentfill.embeddings.timekd.normalise import FLATTEST_WINDOW, LARGEST_VALUE, normalise


def test_mean_and_spread_are_removed_from_a_window_and_returned():
    found = normalise(np.array([[[0.0], [2.0], [0.0], [2.0]]]))
    assert found.tokens.tolist() == [[[-1, 1, -1, 1]]]
    assert (found.level.item(), found.spread.item()) == (1, 1)


def test_mean_and_spread_come_from_observed_cells_and_gaps_are_interpolated():
    found = normalise(np.array([[[0.0], [np.nan], [2.0], [np.nan]]]))  # interpolated to 1, extended with 2
    assert found.tokens.tolist() == [[[-1, 0, 1, 1]]]
    assert (found.level.item(), found.spread.item()) == (1, 1)


def test_a_column_without_observed_cells_becomes_zero():
    values = np.ones((2, 4, 3))
    values[:, :, 1] = np.nan
    found = normalise(values)
    assert (found.tokens == 0).all()
    assert found.level.tolist() == [[1, 0, 1]] * 2
    assert (found.spread == FLATTEST_WINDOW).all()


def test_extreme_values_give_finite_tokens():
    found = normalise(np.array([[[1e300], [-1e300], [0.0]]]))
    assert np.isfinite(found.tokens).all()
    assert found.spread.item() < LARGEST_VALUE
