"""Scores of a strategy on held-out cells."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.validate import score_summary


def test_the_summary_compares_with_linear_interpolation():
    # errors -1, 1, -3: mse 11 / 3, mae 5 / 3; linear errs twice as much
    summary = score_summary(np.array([-1.0, 1, -3]), np.array([2.0, -2, 6]), "units")
    assert summary["cells"] == 3
    assert (summary["mse"], summary["mae"]) == (pytest.approx(11 / 3), pytest.approx(5 / 3))
    assert (summary["linear_mse"], summary["linear_mae"]) == (pytest.approx(44 / 3), pytest.approx(10 / 3))
    assert summary["mse_ratio_to_linear"] == pytest.approx(0.25)


def test_linear_interpolation_without_error_gives_no_ratio():
    assert score_summary(np.ones(1), np.zeros(1), "units")["mse_ratio_to_linear"] is None


def test_without_held_out_cells_there_is_no_score():
    assert score_summary(np.empty(0), np.empty(0), "units") == {"cells": 0}
