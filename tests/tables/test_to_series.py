"""The series of a table: in time order, on the regular grid where that is worth it."""

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions
from latentfill.tables.to_series import to_series
from latentfill.tables.value_columns import ValueColumns

NAN = np.nan
GAPPY = ("2020-01-01T00", "2020-01-01T01", "2020-01-01T04", "2020-01-01T05")


def found(values):
    """Value columns with these values and the names a, b ..."""
    n = values.shape[1]
    return ValueColumns(tuple(range(n)), tuple("abc"[:n]), values, ())


def laid(stamps, **options):
    """The series of one column that counts the rows, and its notes."""
    values = np.arange(len(stamps), dtype=float)[:, None]
    return to_series(found(values), np.array(stamps, dtype="datetime64[ns]"), TableOptions(**options))


def test_the_work_is_done_on_the_regular_grid():
    series, notes = laid(GAPPY)
    assert series.rows.tolist() == [0, 1, -1, -1, 2, 3]
    np.testing.assert_array_equal(series.values[:, 0], [0, 1, NAN, NAN, 2, 3])
    assert series.step == np.timedelta64(1, "h")
    missing = "2 rows are missing from the grid of 1 hour (2020-01-01 02:00, 2020-01-01 03:00)"
    assert notes == (f"{missing}; give --grid to add them.",)
    assert laid(GAPPY, grid=True)[1] == (f"{missing}; added.",)


def test_rows_are_taken_in_time_order():
    series, notes = laid(["2020-01-03", "2020-01-01", "2020-01-02"])
    assert series.rows.tolist() == [1, 2, 0]
    assert series.values[:, 0].tolist() == [1, 2, 0]
    assert "not in time order (earlier than the row above: row 2)" in notes[0]
    assert "newest row" in laid(["2020-01-03", "2020-01-02"])[1][0]


def test_stamps_farther_apart_than_nanoseconds_can_count_are_in_order():
    assert not any("time order" in note for note in laid(["1700-01-01", "1900-01-01", "2200-01-01"])[1])


def test_regular_false_keeps_to_the_rows_there_are():
    series, notes = laid(GAPPY, regular=False)
    assert series.rows.tolist() == [0, 1, 2, 3]
    assert series.step is None
    assert notes == ()
    assert laid(GAPPY[:2], regular=False)[0].step == np.timedelta64(1, "h")


def test_a_sparse_grid_is_not_worked_on_unless_asked_for():
    stamps = ["2020-01-01", "2020-01-02", "2020-01-12"]
    assert laid(stamps)[0].n_steps == 3
    assert laid(stamps, grid=True)[0].n_steps == 12


def test_stamps_without_a_step_are_taken_in_their_order():
    series, notes = laid([*GAPPY, "2020-01-01T05:00:07"])
    assert series.step is None
    assert "no regular step: each row is one step" in notes[0]


def test_without_stamps_rows_are_steps():
    series, notes = to_series(found(np.ones((3, 2))), None, TableOptions())
    assert series.rows.tolist() == [0, 1, 2]
    assert series.time is None
    assert notes == ()
    with pytest.raises(InputError, match=r"no time column.*--grid"):
        to_series(found(np.ones((3, 2))), None, TableOptions(grid=True))


@pytest.mark.parametrize("last", ["2020-01-01T05:00:07", "2030-01-01"])
def test_rows_cannot_be_added_without_a_grid(last):
    with pytest.raises(InputError, match=r"no regular grid.*--grid"):
        laid([*GAPPY, last], grid=True)


def test_repeated_stamps_are_refused():
    with pytest.raises(InputError) as caught:
        laid(["2020-01-01", "2020-01-02T05:30", "2020-01-01", "2020-01-02T05:30"])
    for part in ("2 time stamps", "2020-01-01 in rows 1, 3", "2020-01-02 05:30 in rows 2, 4", "--time none"):
        assert part in str(caught.value)
