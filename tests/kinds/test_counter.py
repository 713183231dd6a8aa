"""Registers of meters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latentfill.core.series import FloatArray
from latentfill.kinds.counter import Counter
from latentfill.kinds.kind import CellValues, Column, StepTimes

NAN = np.nan
Fill = Callable[..., CellValues]


def whole_column(values: FloatArray, cells: CellValues, samples: bool = False) -> FloatArray:
    result = np.array(values, dtype=float)
    missing = np.isnan(result)
    if samples:
        result = np.repeat(result[None], len(cells.samples), axis=0)
        result[:, missing] = cells.samples
    else:
        result[missing] = cells.value
    return result


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rises=st.lists(st.floats(0, 1e4), min_size=3, max_size=40),
    seed=st.integers(0, 10_000),
    whole=st.booleans(),
)
def test_a_register_never_falls_and_stays_between_its_readings(fill: Fill, rises: list[float], seed: int, whole: bool):
    rng = np.random.default_rng(seed)
    truth = 100 + np.cumsum(rises)
    truth = np.round(truth) if whole else truth
    values = np.where(rng.random(len(truth)) < 0.5, NAN, truth)
    if np.isnan(values).all():
        values[0] = truth[0]
    scores = rng.normal(size=(5, int(np.isnan(values).sum())))
    cells = fill(Counter(whole=whole), values, 100 * rng.normal(size=len(truth)), error=50.0, scores=scores)
    assert (np.diff(whole_column(values, cells)) >= 0).all()
    assert (np.diff(whole_column(values, cells, samples=True), axis=1) >= -1e-9).all()
    assert (cells.lower <= cells.value).all()
    assert (cells.value <= cells.upper).all()
    if whole:
        assert (cells.value == np.round(cells.value)).all()


def test_a_gap_between_equal_readings_is_certain(fill: Fill):
    cells = fill(Counter(), [5.0, NAN, NAN, 5.0], [1.0, 7.0, 8.0, 9.0], error=3.0)
    assert cells.value.tolist() == cells.lower.tolist() == cells.upper.tolist() == [5, 5]
    assert cells.samples.tolist() == [[5, 5]]
    assert cells.expected.tolist() == [0, 0]


def test_increments_follow_the_estimates_and_sum_to_the_difference(fill: Fill):
    cells = fill(Counter(), [0.0, NAN, NAN, 12.0], [0.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(cells.value, [2, 6])
    even = fill(Counter(), [0.0, NAN, NAN, 12.0], np.zeros(4))
    np.testing.assert_allclose(even.value, [4, 8])


def test_the_ends_are_counted_on_and_back(fill: Fill):
    cells = fill(Counter(), [NAN, NAN, 10.0, NAN, NAN], [0.0, 1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(cells.value, [7, 8, 13, 17])
    low = fill(Counter(), [NAN, NAN, 1.0], [0.0, 5.0, 5.0])
    assert (low.value >= 0).all()


def test_a_register_rises_up_to_a_reset_and_from_zero_after_it(fill: Fill):
    cells = fill(Counter(), [90.0, NAN, NAN, NAN, 4.0], [0.0, 3.0, 3.0, 3.0, 3.0])
    np.testing.assert_allclose(cells.value, [93, 96, 1])


def test_errors_of_hidden_increments_are_those_of_the_readings():
    truth, estimate = np.full((6, 1), NAN), np.full((6, 1), NAN)
    truth[1:5, 0], estimate[1:5, 0] = [1.0, 2.0, 3.0, 4.0], [2.5, 2.5, 2.5, 2.5]
    errors = Counter().errors(truth, estimate)
    assert np.isnan(errors[[0, 4, 5]]).all()
    np.testing.assert_allclose(errors[1:4], [1 - 2.5, 3 - 5, 6 - 7.5])


def test_errors_are_those_of_a_gap_that_has_missing_readings_too():
    steps = np.arange(8.0)
    readings = np.array([0.0, 1.0, 3.0, NAN, 9.0, 14.0, 20.0, 27.0])
    column, counter = Column(readings, StepTimes(steps, steps)), Counter()
    truth = counter.encode(*column)
    truth[[0, 1, 7]] = NAN  # the rates of steps 2, 5 and 6 are hidden, those of 3 and 4 missing
    estimate = np.where(np.isnan(truth), NAN, 1.0)

    errors = counter.errors(truth, estimate, column)

    assert np.flatnonzero(~np.isnan(errors)).tolist() == [2, 5]
    np.testing.assert_allclose(errors[2], 3 - (1 + (9 - 1) / 3), err_msg="a third of the way from step 1 to step 4")
    np.testing.assert_allclose(errors[5], 14 - (9 + 20) / 2, err_msg="the reading of step 4 was not hidden")


def test_a_register_that_is_reset_each_day_starts_again_at_the_same_hour(fill: Fill):
    truth = np.tile(np.arange(0, 24.0), 10)
    values = truth.copy()
    values[[30, 31, 47, 48, 49, *range(100, 150), 239]] = NAN
    cells = fill(Counter(), values, np.where(np.arange(240) % 24 == 0, 0.0, 1.0), cycle=24)

    np.testing.assert_allclose(cells.value, truth[np.isnan(values)])


def test_bounds_hold_both_values_where_a_reset_may_be_earlier_or_later(fill: Fill):
    cells = fill(Counter(), [90.0, NAN, 0.0], [0.0, 3.0, 3.0], error=1.0)

    assert cells.lower[0] == 0
    assert cells.upper[0] >= 93
    assert cells.expected[0] > 40


def test_rates_are_increments_over_time():
    values, position = np.array([0.0, 2.0, 12.0]), np.array([0.0, 1.0, 6.0])
    rates = Counter().encode(values, StepTimes(position, position))
    assert rates[1:, 0].tolist() == [2, 2]


def test_a_reset_has_the_rate_of_what_was_counted_since():
    steps = np.arange(4.0)
    assert Counter().encode(np.array([5.0, 9.0, 1.0, 3.0]), StepTimes(steps, steps))[2, 0] == 1
    assert np.isnan(Counter().encode(np.array([5.0, 9.0, 6.0, 7.0]), StepTimes(steps, steps))[2, 0]), "no reset"


def test_rates_depend_on_no_later_reading():
    rng = np.random.default_rng(0)
    register = np.cumsum(rng.exponential(size=(6, 24)), axis=1).ravel()  # reset each day
    register[30:34] = np.nan
    times = StepTimes(np.arange(144.0), np.arange(144.0))
    rates = Counter().encode(register, times)
    for stop in (25, 60, 100):
        for later in (-1e6, 1e6):
            changed = np.where(np.arange(144) < stop, register, later * rng.random(144))
            np.testing.assert_array_equal(Counter().encode(changed, times)[:stop], rates[:stop])
