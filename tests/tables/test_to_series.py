"""The series of a table: in time order, and on the regular grid unless the grid is sparse."""

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions
from latentfill.tables.to_series import to_series
from latentfill.tables.value_columns import ValueColumns

NAN = np.nan
GAPPY = ("2020-01-01T00", "2020-01-01T01", "2020-01-01T04", "2020-01-01T05")


def value_columns(values):
    """Value columns with these values and the names a, b ..."""
    n = values.shape[1]
    return ValueColumns(tuple(range(n)), tuple("abc"[:n]), values, ())


def series_of(stamps, **options):
    """The series of one column with the row numbers as values, and its notes."""
    values = np.arange(len(stamps), dtype=float)[:, None]
    return to_series(value_columns(values), np.array(stamps, dtype="datetime64[ns]"), TableOptions(**options))


def test_a_series_has_a_step_for_each_stamp_of_the_regular_grid():
    series, notes = series_of(GAPPY)
    assert series.rows.tolist() == [0, 1, -1, -1, 2, 3]
    np.testing.assert_array_equal(series.values[:, 0], [0, 1, NAN, NAN, 2, 3])
    assert series.step == np.timedelta64(1, "h")
    missing = "2 rows are missing from the grid of 1 hour (2020-01-01 02:00, 2020-01-01 03:00)"
    assert notes == (f"{missing}; give --grid to add them.",)
    assert series_of(GAPPY, grid=True)[1] == (f"{missing}; added.",)


def test_a_series_is_in_time_order():
    series, notes = series_of(["2020-01-03", "2020-01-01", "2020-01-02"])
    assert series.rows.tolist() == [1, 2, 0]
    assert series.values[:, 0].tolist() == [1, 2, 0]
    assert "not in time order (earlier than the row above: row 2)" in notes[0]
    assert "newest row" in series_of(["2020-01-03", "2020-01-02"])[1][0]


def test_the_order_of_stamps_centuries_apart_is_recognised():
    assert not any("time order" in note for note in series_of(["1700-01-01", "1900-01-01", "2200-01-01"])[1])


def test_with_regular_false_a_series_has_one_step_per_row():
    series, notes = series_of(GAPPY, regular=False)
    assert series.rows.tolist() == [0, 1, 2, 3]
    assert series.step is None
    assert "uneven" in notes[0]
    assert series_of(GAPPY[:2], regular=False)[0].step == np.timedelta64(1, "h")


def test_a_sparse_grid_is_used_only_with_grid_true():
    stamps = ["2020-01-01", "2020-01-02", "2020-01-12"]
    series, notes = series_of(stamps)
    assert series.rows.tolist() == [0, 1, -1, 2]
    assert series.position is not None
    assert "uneven" in notes[0]
    assert series_of(stamps, grid=True)[0].n_steps == 12


def test_stamps_without_a_regular_step_have_a_time_of_their_own():
    series, notes = series_of([*GAPPY, "2020-01-01T05:00:07"])
    assert series.step is None
    assert "The time stamps are uneven: gaps are filled by time" in notes[0]
    assert series.time is not None
    hours = (series.time - series.time[0]) / np.timedelta64(1, "h")
    np.testing.assert_allclose(series.position, hours, atol=1e-6)


def test_without_stamps_a_series_has_one_step_per_row():
    series, notes = to_series(value_columns(np.ones((3, 2))), None, TableOptions())
    assert series.rows.tolist() == [0, 1, 2]
    assert series.time is None
    assert notes == ()
    with pytest.raises(InputError, match=r"no time column.*--grid"):
        to_series(value_columns(np.ones((3, 2))), None, TableOptions(grid=True))


@pytest.mark.parametrize("last", ["2020-01-01T05:00:07", "2030-01-01"])
def test_rows_cannot_be_added_without_a_regular_grid(last):
    with pytest.raises(InputError, match=r"no regular grid.*--grid"):
        series_of([*GAPPY, last], grid=True)


def test_weekends_of_business_days_are_no_gaps():
    days = [f"2023-03-{day:02d}" for day in range(1, 32) if (day + 1) % 7 not in (5, 6) and day != 8]
    series, notes = series_of(days)
    assert series.n_steps == len(days)
    assert notes == ("The rows are business days: weekends are no gaps.",)
    assert series_of(days, grid=True)[0].n_steps == 31
