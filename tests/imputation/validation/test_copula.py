"""Correlation of drawn errors over time and between columns."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.intervals import Calibration


def test_draws_have_the_spread_and_the_correlation_over_time_of_errors():
    """The errors follow an AR(1) process with coefficient 0.8."""
    rng = np.random.default_rng(0)
    t = 4000
    process = np.empty(t)
    process[0] = 0
    for i in range(1, t):
        process[i] = 0.8 * process[i - 1] + 0.6 * rng.normal()
    cells = np.ones((t, 1), dtype=bool)
    values = np.full((t, 1), np.nan)
    values[0] = values[-1] = 0.0
    cells[0] = cells[-1] = False
    errors_sample = ErrorSample(Cells.at(cells, values), process[1:-1], np.zeros((t - 2, 1)))
    calibration = Calibration.fit(errors_sample, errors_sample.where(np.zeros(t - 2, dtype=bool)))
    assert calibration.copula.persistence == pytest.approx(0.8, abs=0.05)
    draw = calibration.draw(rng, errors_sample.cells, calibration.sizes(errors_sample.cells, errors_sample.features))
    assert draw.std() == pytest.approx(process.std(), rel=0.1)
    assert np.corrcoef(draw[:-1], draw[1:])[0, 1] == pytest.approx(0.8, abs=0.05)


def test_draws_have_the_correlation_between_columns_of_errors():
    rng = np.random.default_rng(0)
    t = 3000
    common = rng.normal(size=t)
    errors = np.stack([common, common, rng.normal(size=t)], axis=1) + 0.1 * rng.normal(size=(t, 3))
    step, column = np.nonzero(np.ones((t, 3), dtype=bool))
    zeros = np.zeros(3 * t, dtype=int)
    cells = Cells(shape=(t, 3), step=step, column=column, kind=zeros, gap=step, hiding_round=zeros)
    errors_sample = ErrorSample(cells, errors.ravel(), np.zeros((3 * t, 1)))
    calibration = Calibration.fit(errors_sample, errors_sample.where(np.zeros(3 * t, dtype=bool)))
    draw = calibration.draw(rng, cells, np.ones(3 * t)).reshape(t, 3)
    correlation = np.corrcoef(draw.T)
    assert correlation[0, 1] > 0.9
    assert abs(correlation[0, 2]) < 0.1
