"""Regular grids: their step, which may be calendar months, and the position of each row."""

import numpy as np
import pytest

from latentfill.tables.time.grid import find_grid, lay_grid, step_text


def stamps(*texts):
    return np.array(texts, dtype="datetime64[ns]")


def test_the_most_common_distance_is_the_step():
    grid = find_grid(stamps("2016-01-01T00", "2016-01-01T01", "2016-01-01T02", "2016-01-01T05"))
    assert grid.step == np.timedelta64(1, "h")
    assert len(grid.time) == 6
    assert grid.positions.tolist() == [0, 1, 2, 5]


def test_a_step_that_divides_all_distances_is_found_even_if_it_never_occurs():
    time = stamps("2016-01-01T00", "2016-01-01T02", "2016-01-01T04", "2016-01-01T07")
    assert find_grid(time).step == np.timedelta64(1, "h")


def test_unsorted_rows_have_their_position_on_the_grid():
    assert find_grid(stamps("2016-01-04", "2016-01-01", "2016-01-02")).positions.tolist() == [3, 0, 1]


@pytest.mark.parametrize(
    "texts",
    [
        ["2016-01-15", "2016-02-15", "2016-03-15", "2016-05-15"],
        ["2016-01-31", "2016-02-29", "2016-03-31", "2016-05-31"],
    ],
)
def test_stamps_a_month_apart_have_a_monthly_grid(texts):
    grid = find_grid(stamps(*texts))
    assert grid.step == np.timedelta64(1, "M")
    assert grid.positions.tolist() == [0, 1, 2, 4]
    assert grid.time[3] == stamps(texts[0].replace("-01-15", "-04-15").replace("-01-31", "-04-30"))[0]


def test_yearly_stamps_have_a_step_of_twelve_months():
    assert find_grid(stamps("2015-01-01", "2016-01-01", "2017-01-01")).step == np.timedelta64(12, "M")


def test_stamps_between_the_steps_of_a_grid_have_no_grid():
    time = stamps("2016-01-01T00", "2016-01-01T01:00:07", "2016-01-01T02:00:01", "2016-01-01T02:59:59")
    assert find_grid(time) is None
    assert lay_grid(time, np.timedelta64(1, "h")) is None
    assert lay_grid(stamps("2016-01-01", "2016-02-02"), np.timedelta64(1, "M")) is None
    assert find_grid(time[:1]) is None


def test_a_grid_with_more_than_twenty_steps_per_row_is_not_used():
    time = stamps("2016-01-01T00", "2016-01-01T01", "2016-01-03T12")  # 61 hours for 3 rows
    assert find_grid(time) is None
    assert len(find_grid(time - np.array([0, 0, 1], "timedelta64[h]")).time) == 60


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (np.timedelta64(3_600_000_000_000, "ns"), "1 hour"),
        (np.timedelta64(15, "m"), "15 minutes"),
        (np.timedelta64(2, "D"), "2 days"),
        (np.timedelta64(90, "s"), "90 seconds"),
        (np.timedelta64(250, "ms"), "0.25 seconds"),
        (np.timedelta64(1, "M"), "1 month"),
        (np.timedelta64(12, "M"), "12 months"),
    ],
)
def test_a_step_is_written_in_words(step, text):
    assert step_text(step) == text
