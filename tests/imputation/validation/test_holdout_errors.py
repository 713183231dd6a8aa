"""Errors of candidates on held-out cells."""

from __future__ import annotations

import numpy as np

from latentfill.imputation.validation.holdout_errors import HoldoutErrors, errors_at
from latentfill.strategies.candidates import Estimates

NAN = np.nan


def test_a_candidate_without_an_estimate_gets_the_error_of_the_first_that_has_one():
    truth = np.array([2.0, 30.0])
    estimates = np.array([[3.0, 31.0], [NAN, 28.0]])
    np.testing.assert_allclose(errors_at(estimates, truth), [[1, 1], [1, -2]])


def test_cells_that_no_candidate_estimates_are_left_out():
    truth = np.array([[1.0], [2.0], [3.0], [4.0]])
    hidden = np.array([[False], [True], [True], [False]])
    visible = np.where(hidden, NAN, truth)
    estimates = np.array([[[NAN], [2.5], [NAN], [NAN]], [[NAN], [1.0], [NAN], [NAN]]])
    result = HoldoutErrors.of(Estimates(estimates, np.full((4, 1), NAN), np.zeros((4, 1))), hidden, truth, visible)
    assert result.cells.step.tolist() == [1]
    np.testing.assert_allclose(result.errors, [[0.5], [-1.0]])
    assert result.known.all()
