"""Errors that go together over time and columns."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.intervals import Calibration


def test_draws_have_the_spread_and_the_correlation_over_time_of_errors():
    """Errors of a random walk's cells: those of one step are like those of the next."""
    rng = np.random.default_rng(0)
    t = 4000
    walk = np.empty(t)
    walk[0] = 0
    for i in range(1, t):
        walk[i] = 0.8 * walk[i - 1] + 0.6 * rng.normal()
    cells = np.ones((t, 1), dtype=bool)
    seen = np.full((t, 1), np.nan)
    seen[0] = seen[-1] = 0.0
    cells[0] = cells[-1] = False
    flat = ErrorSample(Cells.at(cells, seen), walk[1:-1], np.zeros((t - 2, 1)))
    calibration = Calibration.fit(flat, flat.where(np.zeros(t - 2, dtype=bool)))
    assert calibration.copula.persistence == pytest.approx(0.8, abs=0.05)
    draw = calibration.draw(rng, flat.cells, calibration.sizes(flat.cells, flat.features))
    assert draw.std() == pytest.approx(walk.std(), rel=0.1)
    assert np.corrcoef(draw[:-1], draw[1:])[0, 1] == pytest.approx(0.8, abs=0.05)


def test_columns_that_err_together_are_drawn_together():
    rng = np.random.default_rng(0)
    t = 3000
    common = rng.normal(size=t)
    errors = np.stack([common, common, rng.normal(size=t)], axis=1) + 0.1 * rng.normal(size=(t, 3))
    step, column = np.nonzero(np.ones((t, 3), dtype=bool))
    zeros = np.zeros(3 * t, dtype=int)
    cells = Cells(shape=(t, 3), step=step, column=column, kind=zeros, gap=step, hiding_round=zeros)
    flat = ErrorSample(cells, errors.ravel(), np.zeros((3 * t, 1)))
    calibration = Calibration.fit(flat, flat.where(np.zeros(3 * t, dtype=bool)))
    draw = calibration.draw(rng, cells, np.ones(3 * t)).reshape(t, 3)
    found = np.corrcoef(draw.T)
    assert found[0, 1] > 0.9
    assert abs(found[0, 2]) < 0.1
