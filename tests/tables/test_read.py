"""Reading tables: values, time and notes, and tables that are refused."""

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

NAN = np.nan


def read_text(folder, text, **options):
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    return read_table(path, TableOptions(**options))


def test_values_time_and_missing_cells_are_read(tmp_path):
    table = read_text(tmp_path, "date,a,b\n2020-01-01 00:00,1,NA\n2020-01-01 01:00,,2.50\n2020-01-01 02:00,3,-\n")
    np.testing.assert_array_equal(table.series.values, [[1, NAN], [NAN, 2.5], [3, NAN]])
    assert table.series.columns == ("a", "b")
    hours = np.datetime64("2020-01-01", "ns") + np.arange(3) * np.timedelta64(1, "h")
    assert table.series.time.tolist() == hours.tolist()
    assert table.series.step == np.timedelta64(1, "h")
    assert table.series.rows.tolist() == [0, 1, 2]
    assert table.time_columns == ("date",)
    assert table.name == "t"
    assert table.notes == ()


def test_numbers_are_read_with_the_given_decimal_mark(tmp_path):
    assert read_text(tmp_path, "a;b\n1,234;1\n2,345;2\n", decimal=",", time=()).series.values[0, 0] == 1.234


def test_columns_of_leave_are_not_detected_as_time(tmp_path):
    table = read_text(tmp_path, "date,a\n2020-01-01,1\n2020-01-02,5\n", leave=("date",))
    assert table.series.time is None
    assert table.notes == ("No time column was found: rows are taken as equally spaced.",)


def test_undeclared_markers_are_reported(tmp_path):
    rows = "".join(f"{i % 7 + i / 100:.2f},{i % 5 + i / 50:.2f}\n" for i in range(60)) + "-200,-200\n" * 4
    notes = [note for note in read_text(tmp_path, "a,b\n" + rows).notes if "--missing a=-200,b=-200" in note]
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("text", "options", "parts"),
    [
        ("a,b\n1,2\n", {}, ["1 row", "at least two"]),
        ("a,a,b\n1,2,3\n4,5,6\n", {}, ["same name", "'a'", "Rename"]),
        ("a,,\n1,2,3\n4,5,6\n", {}, ["same name", "''"]),
        (
            "a,bee\n1,2\n5,3\n",
            {"leave": ("be",)},
            ["leave: unknown column 'be'", "did you mean 'bee'", "known: a, bee"],
        ),
        ("a,b\n1,2\n5,3\n", {"time": ("T",), "columns": ("q",)}, ["time: unknown column 'T'", "columns: unknown"]),
        ("date,a\n2020-01-01,1\n2020-01-01,2\n", {}, ["1 time stamp in more than one row", "2020-01-01 in lines 2, 3"]),
        ("date,a\n2020-01-01,1\nnever,2\n", {"time": ("date",)}, ["'date'", "line 3: 'never'", "--time-format"]),
        ("date,a\n2020-01-01,1\n,2\n", {}, ["'date' is empty in 1 row (line 3)"]),
        ("a,b\n1,2\n5,3\n", {"time_format": "%Y-%m"}, ["--time-format '%Y-%m'", "--time COLUMN"]),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_the_reason(tmp_path, text, options, parts):
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, text, **options)
    for part in parts:
        assert part in str(caught.value)
