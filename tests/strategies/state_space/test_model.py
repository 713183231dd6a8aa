"""Leave-one-out estimates of readings, beside those of the series without the reading."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.model import leave_one_out
from latentfill.strategies.state_space.smoothing import smooth

MODEL = Autoregression(
    np.array([[[[0.7, 0.2], [0.1, 0.6]]]]), np.array([[[0.5, 0.2], [0.2, 0.4]]]), np.array([[0.1, 0.2]])
)


def readings() -> FloatArray:
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(size=(15, 2)), axis=0) / 2
    values[4:7, 0] = np.nan
    return values


@pytest.mark.parametrize(("step", "column"), [(0, 0), (3, 0), (5, 1), (14, 1)])
def test_a_reading_is_estimated_as_if_it_were_missing(step: int, column: int):
    values = readings()
    without = values.copy()
    without[step, column] = np.nan
    mean, variance = leave_one_out(smooth(MODEL, values[None, None], None), values[None, None])
    expected = smooth(MODEL, without[None, None], None)
    cell = (0, 0, step, column)
    assert mean[cell] == pytest.approx(expected.mean[cell], abs=1e-9)
    assert variance[cell] == pytest.approx(expected.variance[cell] + MODEL.noise[0, column], abs=1e-9)


def test_missing_cells_have_the_estimate_and_the_variance_of_a_reading():
    values = readings()[None, None]
    smoothed = smooth(MODEL, values, None)
    mean, variance = leave_one_out(smoothed, values)
    np.testing.assert_allclose(mean[0, 0, 4:7, 0], smoothed.mean[0, 0, 4:7, 0])
    np.testing.assert_allclose(variance[0, 0, 4:7, 0], smoothed.variance[0, 0, 4:7, 0] + MODEL.noise[0, 0])
