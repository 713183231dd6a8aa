"""Periods that values are summed over."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.imputation.totals.periods import find_periods

HOURS = np.datetime64("2023-12-30T22", "ns") + np.arange(24 * 40) * np.timedelta64(1, "h")


@pytest.mark.parametrize(
    ("every", "names"),
    [
        ("month", ("2023-12", "2024-01", "2024-02")),
        ("MS", ("2023-12", "2024-01", "2024-02")),
        ("year", ("2023", "2024")),
        ("quarter", ("2023-Q4", "2024-Q1")),
        ("2 months", ("2023-12", "2024-02")),
    ],
)
def test_periods_are_those_of_the_calendar(every: str, names: tuple[str, ...]):
    assert find_periods(every, len(HOURS), HOURS).names == names


def test_weeks_begin_on_monday():
    periods = find_periods("week", len(HOURS), HOURS)
    assert periods.names[:2] == ("2023-12-25", "2024-01-01")
    assert int((periods.number == 1).sum()) == 7 * 24


def test_days_and_hours_are_named_by_their_start():
    assert find_periods("day", 3, HOURS[:3]).names == ("2023-12-30", "2023-12-31")
    assert find_periods("D", 3, HOURS[:3]).number.tolist() == [0, 0, 1]
    assert find_periods("hours", 2, HOURS[:2]).names == ("2023-12-30 22:00", "2023-12-30 23:00")


@pytest.mark.parametrize("every", [4, "4", "4 rows"])
def test_rows_are_counted_without_stamps(every: str | int):
    periods = find_periods(every, 10, None)
    assert periods.names == ("row 1", "row 5", "row 9")
    assert periods.number.tolist() == [0] * 4 + [1] * 4 + [2] * 2


def test_unknown_periods_are_refused_with_the_way_out():
    with pytest.raises(InputError, match=r"unknown period 'mnth': did you mean 'month'"):
        find_periods("mnth", 10, HOURS[:10])
    with pytest.raises(InputError, match=r"or a number of rows, got '0 days'"):
        find_periods("0 days", 10, HOURS[:10])
    with pytest.raises(InputError, match=r"no time stamps.*--every 24"):
        find_periods("day", 10, None)
