"""Converting calendar numbers to moments and back."""

import numpy as np
import pytest

from latentfill.tables.time.calendar import COMPONENTS, CalendarNumbers, component, repeats_component, to_nanoseconds


def moment(*numbers, **options):
    return CalendarNumbers(*(np.array([number]) for number in numbers), **options).moments()[0]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((2016, 2, 29, 23, 59, 59), "2016-02-29T23:59:59"),
        ((2016, 12, 31, 24, 0, 0), "2017-01-01"),
        ((2016, 12, 31, 24, 0, 1), "NaT"),
        ((2015, 2, 29, 0, 0, 0), "NaT"),
        ((2016, 13, 1, 0, 0, 0), "NaT"),
        ((2016, 0, 1, 0, 0, 0), "NaT"),
        ((2016, 1, 1, 0, 60, 0), "NaT"),
        ((1500, 1, 1, 0, 0, 0), "NaT"),
    ],
)
def test_calendar_numbers_are_a_moment_or_nat(numbers, expected):
    np.testing.assert_array_equal(moment(*numbers), np.datetime64(expected, "ns"))


def test_days_can_be_counted_from_the_start_of_the_year():
    assert moment(2016, 1, 366, 0, 0, 0, by_year=True) == np.datetime64("2016-12-31")
    assert np.isnat(moment(2015, 1, 366, 0, 0, 0, by_year=True))


def test_components_are_the_inverse_of_moments():
    time = np.array(["1969-12-31T23:59:58", "2016-02-29T01:02:03"], dtype="datetime64[ns]")
    parts = [component(time, name) for name in COMPONENTS]
    assert [part.tolist() for part in parts] == [[1969, 2016], [12, 2], [31, 29], [23, 1], [59, 2], [58, 3]]
    np.testing.assert_array_equal(CalendarNumbers(*parts).moments(), time)
    assert component(time, "day of the year").tolist() == [365, 60]


def test_values_repeat_the_component_of_their_name():
    time = np.array(["2020-01-01T05", "2020-01-01T06"], dtype="datetime64[ns]")
    assert repeats_component(np.array([5.0, 6.0]), time, "hour")
    assert not repeats_component(np.array([5.0, 7.0]), time, "hour")
    assert not repeats_component(np.array([5.0, 6.0]), time, "day")
    assert not repeats_component(np.array([5.0, 6.0]), time, "wind")


def test_years_outside_the_range_of_nanoseconds_become_nat():
    time = to_nanoseconds(np.array(["1600-01-01", "2016-01-01"], dtype="datetime64[s]"))
    np.testing.assert_array_equal(time, np.array(["NaT", "2016-01-01"], dtype="datetime64[ns]"))
