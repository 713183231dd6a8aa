"""Stamps from chosen columns, and those columns written for new stamps."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.time.axis import index_axis, read_axis


def text_column(name, texts):
    return Column(name=name, kind="text", texts=pa.array(texts, pa.string()))


def stamps(*texts):
    return np.array(texts, dtype="datetime64[ns]")


def test_one_column_of_stamps_is_written_as_it_was():
    axis = read_axis([text_column("d", ["1.2.2016", "13.2.2016"])], (0,), None)
    assert axis.time.tolist() == stamps("2016-02-01", "2016-02-13").tolist()
    assert axis.write(stamps("2016-03-01"), np.array([0])) == {0: ["1.3.2016"]}


def test_spaces_of_joined_columns_stay_in_their_column():
    columns = [text_column("d", ["1 Jul 2016", "2 Jul 2016"]), text_column("t", ["6:00 PM", "7:00 PM"])]
    axis = read_axis(columns, (0, 1), None)
    assert axis.write(stamps("2016-07-03T20"), np.array([0])) == {0: ["3 Jul 2016"], 1: ["8:00 PM"]}


def test_dates_and_hours_of_a_frame_are_joined():
    days = np.array(["2016-01-01", "2016-01-01"], dtype="datetime64[ns]")
    columns = [Column("date", "time", times=days), Column("hour", "number", numbers=np.array([5.0, 6.0]))]
    assert read_axis(columns, (0, 1), None).time.tolist() == stamps("2016-01-01T05", "2016-01-01T06").tolist()


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1000)])
def test_unix_times_are_read_and_written(unit, factor):
    column = text_column("timestamp", [str(1451606400 * factor), str(1451610000 * factor)])
    axis = read_axis([column], (0,), None)
    assert axis.time.tolist() == stamps("2016-01-01T00", "2016-01-01T01").tolist()
    assert f"Unix time in {unit}" in axis.notes[0]
    assert axis.write(stamps("2016-01-01T02"), np.array([0])) == {0: [str(1451613600 * factor)]}


def test_a_time_index_is_no_column():
    axis = index_axis(Column("t", "time", times=stamps("2016-01-01", "2016-01-02")))
    assert axis.columns == ()
    assert axis.write(axis.time, np.arange(2)) == {}
    with pytest.raises(InputError, match=r"'t' is empty in 1 row \(row 2\)"):
        index_axis(Column("t", "time", times=stamps("2016-01-01", "NaT")))


def test_components_that_name_no_day_are_refused():
    columns = [
        text_column("year", ["2010", "2010"]),
        text_column("month", ["2", "2"]),
        text_column("day", ["28", "30"]),
    ]
    with pytest.raises(InputError, match=r"year, month, day make no stamp in 1 row \(row 2"):
        read_axis(columns, (0, 1, 2), None)
    with pytest.raises(InputError, match="year"):
        read_axis(columns, (1, 2), None)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (Column("x", "other"), "neither stamps nor text"),
        (text_column("t", ["2016-01-01", ""]), r"'t' is empty in 1 row \(row 2\)"),
        (text_column("year", ["2016", "2016.5"]), r"no whole number in 1 row \(row 2\)"),
        (Column("year", "other"), "holds no numbers"),
    ],
)
def test_columns_that_make_no_stamps_are_refused(column, words):
    with pytest.raises(InputError, match=words):
        read_axis([column], (0,), None)
