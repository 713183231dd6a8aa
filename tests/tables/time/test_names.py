"""Column names that speak of time."""

import pytest

from latentfill.tables.time.names import is_clock_name, is_time_name


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("Time [s]", True), ("startDate", True), ("local_time", True), ("lifetime", False), ("wind", False)],
)
def test_some_names_speak_of_time(name, is_one):
    assert is_time_name(name) == is_one


@pytest.mark.parametrize(("name", "is_one"), [("Hour", True), ("Time", True), ("Uhrzeit", True), ("date", False)])
def test_some_names_speak_of_the_time_of_day(name, is_one):
    assert is_clock_name(name) == is_one
