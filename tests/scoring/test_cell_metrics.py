"""Metrics of estimates on hidden cells."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import Series
from latentfill.kinds.number import Number
from latentfill.scoring.cell_metrics import Reference, cell_groups, score_cells
from latentfill.scoring.masked_series import MaskedSeries
from latentfill.scoring.scores import ALL


def test_errors_are_in_units_of_the_spread():
    errors = score_cells(np.array([-1.0, 20.0]), np.array([1.0, 10.0]), np.array([2.0, 0.0]))
    assert errors == {"mse": (1 + 4) / 2, "mae": (1 + 2) / 2, "ratio_to_linear": 5 / 4}


def test_linear_interpolation_without_error_gives_no_ratio():
    assert score_cells(np.ones(1), np.ones(1), np.zeros(1))["ratio_to_linear"] is None


def test_groups_know_their_number_of_gaps():
    values = np.arange(20.0).reshape(10, 2)
    values[4, 0] = np.nan
    hidden = np.zeros((10, 2), dtype=bool)
    hidden[[1, 3, 5], 0] = hidden[7:9, 1] = True  # 3 to 5 is one gap, around the cell that was missing
    series = Series(values, ("a", "b"), None, np.arange(10))
    groups = {(each.column, each.gap): each for each in cell_groups(MaskedSeries(series, hidden, "point", 0.2, 0))}
    counts = {key: (int(each.cells.sum()), each.gaps) for key, each in groups.items()}
    assert counts[ALL, ALL] == (5, 3)
    assert counts["a", ALL] == (3, 2)
    assert counts["a", "2-3"] == (2, 1)
    assert counts["b", ALL] == (2, 1)


def test_a_reference_of_some_columns_scores_them_as_that_of_all_does():
    rng = np.random.default_rng(0)
    truth, values = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    whole = Reference(truth, truth + 1, np.array([1.0, 2.0, 3.0]), [Number()] * 3)
    some = whole.take(np.array([2, 0]))
    np.testing.assert_array_equal(some.errors(values[:, [2, 0]]), whole.errors(values)[:, [2, 0]])
    assert some.spread.tolist() == [3.0, 1.0]
