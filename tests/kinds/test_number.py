"""Numbers: their limits, and whole ones."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.kinds.kind import CellErrors, CellValues, Limits, Readings, StepTimes
from latentfill.kinds.number import Number

INF, NAN = np.inf, np.nan


def filled(
    kind: Number, estimates: list[float], values: list[float] | FloatArray = (), *, error: float = 0.0, **limits: float
) -> CellValues:
    """Fill a cell with each of the estimates, after readings with `values`."""
    n = len(estimates)
    errors = CellErrors(*np.full((3, n), [[abs(error)], [-abs(error)], [abs(error)]]), *np.full((2, 1, n), error), 0.9)
    series = np.concatenate([values, np.full(n, NAN)])
    times = StepTimes(*np.tile(np.arange(len(series), dtype=float), (2, 1)))
    readings = Readings(series, times, np.arange(len(values), len(series)), Limits(**limits))
    return kind.fill(np.concatenate([values, estimates])[:, None], errors, readings)


def test_estimates_stay_within_the_observed_range_and_a_margin():
    assert filled(Number(), [-50.0, 0.0, 50.0], [-10.0, 10.0], margin=0.1).value.tolist() == [-12.0, 0.0, 12.0]
    assert filled(Number(), [-50.0, 50.0], [-10.0, 10.0]).value.tolist() == [-50.0, 50.0]


def test_the_observed_range_is_that_of_the_readings_learnt_from_too():
    kind = Number.of(np.array([-10.0, 10.0]))
    assert filled(kind, [-50.0, 50.0], [0.0, 11.0], margin=0.0).value.tolist() == [-10.0, 11.0]


def test_estimates_do_not_cross_zero_if_no_reading_does():
    assert filled(Number(), [-50.0, 50.0], [0.5, 10.0], margin=0.1).value.tolist() == [0.0, 10.95]
    assert filled(Number(), [-50.0, 50.0], [-10.0, -0.5], margin=0.1).value.tolist() == [-10.95, 0.0]


def test_a_column_without_a_reading_has_no_observed_range():
    assert filled(Number(), [-50.0, 50.0], margin=0.1).value.tolist() == [-50.0, 50.0]


def test_the_users_limits_hold_for_estimates_bounds_and_samples():
    cells = filled(Number(), [-5.0, 5.0], [-10.0, 10.0], error=100.0, minimum=-2.0, maximum=3.0)
    assert cells.value.tolist() == [-2.0, 3.0]
    assert (cells.lower.tolist(), cells.upper.tolist()) == ([-2.0, -2.0], [3.0, 3.0])
    assert cells.samples.tolist() == [[3.0, 3.0]]


def test_bounds_reach_beyond_the_observed_range_but_not_across_zero():
    cells = filled(Number(), [5.0], [0.5, 10.0], error=100.0)
    assert (cells.lower.tolist(), cells.upper.tolist()) == ([0.0], [105.0])


def test_nothing_goes_further_beyond_the_observed_range_than_the_outermost_readings_lie_apart():
    power = np.concatenate([np.linspace(-0.5, 0.0, 200), np.linspace(0.0, 2000.0, 1800)])
    cells = filled(Number.of(power), [-201.0, 5000.0], power, error=-500.0)
    assert -0.6 < cells.value[0] <= -0.5
    assert 2000.0 <= cells.value[1] < 2000.0 * 1.02
    assert cells.lower.min() == cells.samples.min() == cells.value[0]


@pytest.mark.parametrize("whole", [False, True])
def test_nothing_lies_beyond_an_end_at_which_readings_pile_up(whole: bool):
    humidity = np.concatenate([np.linspace(20.0, 99.0, 80).round(), np.full(20, 100.0)])
    cells = filled(Number.of(humidity, whole=whole), [102.0, 99.2], humidity, error=30.0)
    assert cells.value.tolist() == [100.0, 99.0 if whole else 99.2]
    assert cells.upper.tolist() == [100.0, 100.0]


def test_whole_numbers_have_whole_values_bounds_and_samples():
    cells = filled(Number(whole=True), [3.4, -0.2], [-9.0, 9.0], error=1.3)
    assert cells.value.tolist() == [3.0, 0.0]
    assert not np.signbit(cells.value[1])
    assert (cells.lower.tolist(), cells.upper.tolist()) == ([1.0, -2.0], [5.0, 2.0])
    assert cells.samples.tolist() == [[4.0, 1.0]]


def test_whole_numbers_keep_to_the_whole_numbers_inside_the_limits():
    cells = filled(Number(whole=True), [0.0, 9.0], [-9.0, 9.0], error=5.0, minimum=1.5, maximum=6.5)
    assert cells.value.tolist() == [2.0, 6.0]
    assert cells.samples.tolist() == [[6.0, 6.0]]
    assert (cells.lower.min(), cells.upper.max()) == (2.0, 6.0)


def test_only_some_values_may_be_possible():
    kind = Number(among=(10.0, 20.0, 90.0))
    assert filled(kind, [-3.0, 14.0, 16.0, 60.0, NAN], [10.0, 90.0]).value[:4].tolist() == [10.0, 10.0, 20.0, 90.0]


@pytest.mark.parametrize("unit", [1.0, 1e302, 1e-290, 1e-300, 5e-324])
def test_a_straight_line_is_found_and_followed_whatever_its_unit(unit: float):
    line = unit * np.round(1000 + np.arange(300.0))
    kind = Number.of(line).on_line(line, StepTimes(np.arange(300.0), np.arange(300.0)))
    gappy = np.where(np.arange(300) == 150, NAN, line)
    times = StepTimes(np.arange(300.0), np.arange(300.0))
    readings = Readings(gappy, times, np.array([150]), Limits())
    working = np.nan_to_num(kind.encode(gappy, times))
    errors = CellErrors(*np.zeros((3, 1)), *np.zeros((2, 1, 1)), 0.9)
    assert kind.slope == pytest.approx(unit, rel=1e-9)
    np.testing.assert_allclose(kind.fill(working, errors, readings).value, line[150], rtol=1e-9)


def test_readings_closer_than_times_can_tell_have_no_line():
    # nanoseconds in 2116: the seconds of all steps are the same number
    seconds = 4_611_686_018.0 + 1e-9 * np.arange(60)
    assert np.ptp(seconds) == 0
    times = StepTimes(np.arange(60.0), seconds)
    kind = Number.of(np.arange(60.0))
    assert kind.on_line(np.arange(60.0), times) is kind
