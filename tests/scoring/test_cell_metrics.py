"""Metrics of estimates on hidden cells."""

from __future__ import annotations

import numpy as np

from latentfill.scoring.cell_metrics import score_cells


def test_errors_are_in_units_of_the_spread():
    errors = score_cells(np.array([-1.0, 20.0]), np.array([1.0, 10.0]), np.array([2.0, 0.0]))
    assert errors == {"mse": (1 + 4) / 2, "mae": (1 + 2) / 2, "ratio_to_linear": 5 / 4}


def test_linear_interpolation_without_error_gives_no_ratio():
    assert score_cells(np.ones(1), np.ones(1), np.zeros(1))["ratio_to_linear"] is None
