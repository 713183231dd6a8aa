"""Column names of dates, times and times of day."""

import pytest

from latentfill.tables.time.names import is_clock_name, is_time_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Time [s]", True), ("startDate", True), ("local_time", True), ("lifetime", False), ("wind", False)],
)
def test_names_of_time_are_recognised(name, expected):
    assert is_time_name(name) == expected


@pytest.mark.parametrize(("name", "expected"), [("Hour", True), ("Time", True), ("Uhrzeit", True), ("date", False)])
def test_names_of_the_time_of_day_are_recognised(name, expected):
    assert is_clock_name(name) == expected
