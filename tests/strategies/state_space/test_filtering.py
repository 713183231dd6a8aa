"""Past-only estimates, beside smoothing of the series cut off after each step."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.filtering import filter_readings
from latentfill.strategies.state_space.smoothing import smooth

MODEL = Autoregression(
    np.array([[[[0.6, 0.2], [0.1, 0.5]], [[0.2, 0.0], [-0.1, 0.1]]]]),
    np.array([[[0.5, 0.2], [0.2, 0.4]]]),
    np.array([[0.1, 0.2]]),
)


def readings() -> FloatArray:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1, 2, 12, 2))
    values[rng.random(values.shape) < 0.4] = np.nan
    return values


def test_each_step_is_smoothed_from_the_series_up_to_it():
    values = readings()
    filtered = filter_readings(MODEL, values, None)
    for step in range(values.shape[2]):
        until = smooth(MODEL, values[:, :, : step + 1], None)
        np.testing.assert_allclose(filtered.mean[:, :, step], until.mean[:, :, step], atol=1e-10)
        np.testing.assert_allclose(filtered.variance[:, :, step], until.variance[:, :, step], atol=1e-10)


@pytest.mark.parametrize("degrees", [None, 4.0])
def test_later_readings_change_nothing(degrees: float | None):
    values = readings()
    changed = values.copy()
    changed[:, :, 7:] = 1e6
    one, other = (filter_readings(MODEL, part, degrees) for part in (values, changed))
    for before, after in zip(one, other, strict=True):
        np.testing.assert_array_equal(before[:, :, :7], after[:, :, :7])


def test_a_reading_far_from_what_is_predicted_counts_little():
    values = np.zeros((1, 1, 20, 2))
    values[0, 0, 10, 0] = 50.0
    gaussian, robust = (filter_readings(MODEL, values, degrees) for degrees in (None, 4.0))
    assert gaussian.mean[0, 0, 10, 0] > 10
    assert abs(robust.mean[0, 0, 10, 0]) < 5
    assert robust.noise[0, 0, 10, 0] > 10 * robust.noise[0, 0, 9, 0]
