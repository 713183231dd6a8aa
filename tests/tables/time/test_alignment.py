"""Columns of one clock at the stamps of another, with values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.tables.time.alignment import Clock, align

NAN = np.nan


def clock(first: str, step: int, n: int) -> Clock:
    """A clock of `n` stamps that are `step` minutes apart."""
    return Clock(np.datetime64(first, "ns") + np.arange(n) * np.timedelta64(step, "m"))


def aligned(values: list[float], own: Clock, steps: Clock, *, held: bool = False) -> tuple[list[float], str]:
    result = align(np.array(values, dtype=float)[:, None], np.array([held]), own, steps)
    return result.values[:, 0].tolist(), result.how


def test_a_finer_clock_gives_the_mean_from_half_a_step_before_to_half_a_step_after():
    ten_minutes = clock("2024-01-01T00:00", 10, 18)
    values, how = aligned([*range(17), NAN], ten_minutes, clock("2024-01-01T00:00", 60, 3))
    assert how == "mean of 6 steps"
    # 0:00, 0:10 and 0:20 belong to 0:00; 0:30 to 1:20 to 1:00; 1:30 to 2:20 to 2:00; 2:30 and later to no step
    assert values == [1.0, (3 + 4 + 5 + 6 + 7 + 8) / 6, (9 + 10 + 11 + 12 + 13 + 14) / 6]


def test_missing_values_do_not_count_in_a_mean_and_an_empty_step_stays_empty():
    values, _ = aligned([NAN, 2, NAN, NAN, NAN], clock("2024-01-01", 30, 5), clock("2024-01-01", 60, 4))
    assert values[1:] == pytest.approx([2.0, NAN, NAN], nan_ok=True)
    assert np.isnan(values[0])


def test_a_coarser_clock_is_interpolated_and_kept_for_half_its_step_beyond_its_ends():
    three_hours = clock("2024-01-01T03:00", 180, 3)
    values, how = aligned([0, 3, 9], three_hours, clock("2024-01-01T00:00", 60, 13))
    assert how == "interpolated from 3 hours"
    expected = [NAN, NAN, 0, 0, 1, 2, 3, 5, 7, 9, 9, NAN, NAN]  # 1:30 away from an end is the most
    assert values == pytest.approx(expected, nan_ok=True)


def test_no_line_is_drawn_across_a_hole_of_more_than_about_one_step():
    values, _ = aligned([0, 3, NAN, 9, 12], clock("2024-01-01", 180, 5), clock("2024-01-01", 60, 13))
    expected = [0, 1, 2, 3, 3, NAN, NAN, NAN, 9, 9, 10, 11, 12]
    assert values == pytest.approx(expected, nan_ok=True)


def test_a_held_column_keeps_a_value_until_its_step_is_over():
    values, how = aligned([1, 0, NAN], clock("2024-01-01", 1440, 3), clock("2023-12-31T18:00", 720, 7), held=True)
    assert how == "held for 1 day"
    assert values == pytest.approx([NAN, 1, 1, 0, 0, NAN, NAN], nan_ok=True)


def test_equal_steps_are_matched_exactly_and_gaps_stay():
    values, how = aligned([1, NAN, 3, 4], clock("2024-01-01T01:00", 60, 4), clock("2024-01-01T00:00", 60, 4))
    assert how == "same steps"
    assert values == pytest.approx([NAN, 1, NAN, 3], nan_ok=True)


def test_equal_steps_at_other_minutes_are_interpolated():
    values, how = aligned([0, 6, 12], clock("2024-01-01T00:30", 60, 3), clock("2024-01-01T00:00", 60, 4))
    assert how == "interpolated from 1 hour"
    assert values == [0, 3, 9, 12]


def test_a_month_is_one_step_whatever_its_days():
    months = np.arange("2023-01", "2024-01", dtype="datetime64[M]").astype("datetime64[ns]")
    days = Clock(np.arange("2023-01-01", "2023-12-31", dtype="datetime64[D]").astype("datetime64[ns]"))
    values, how = aligned(list(range(12)), Clock(months), days)
    assert how == "interpolated from 1 month"
    assert values[31 + 14] == pytest.approx(1 + 14 / 28)
    assert not np.isnan(values[: 334 + 15]).any()
