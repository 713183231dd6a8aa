"""Detecting the time columns of a table."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.tables.backends.column import Column
from latentfill.tables.time.reading import TimeRequest, read_time_axis


def text_column(name, texts):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def find_axis(columns, format=None):
    return read_time_axis(columns, None, TimeRequest(format=format))


def stamps(*texts):
    return np.array(texts, dtype="datetime64[ns]")


def test_a_column_with_a_name_of_time_is_preferred_to_other_columns_of_stamps():
    columns = [text_column("opened", ["2015-01-01"] * 2), text_column("date", ["2016-01-01", "2016-01-02"])]
    axis = find_axis(columns)
    assert axis.columns == (1,)
    assert "'opened'" in axis.notes[0]
    assert find_axis(columns[:1]).columns == (0,)


@pytest.mark.parametrize(
    "columns",
    [
        [text_column("value", ["1.5", "2.5"]), text_column("what", ["a", "b"])],
        [text_column("value", ["2016", "2017"])],
        [text_column("date", ["1.5", "2.5"])],
        [text_column("code", ["20160101", "20160102"])],
        [text_column("year", ["1", "2"])],
        [text_column("time", ["10:00", "11:00"])],
    ],
)
def test_a_table_without_stamps_has_no_time_axis(columns):
    assert find_axis(columns) is None


def test_a_column_of_dates_and_a_column_of_times_of_day_are_joined():
    columns = [
        text_column("Time", ["18.00.00", "19.00.00"]),
        text_column("x", ["1", "2"]),
        text_column("Date", ["10/03/2004", "23/03/2004"]),
    ]
    axis = find_axis(columns)
    assert axis.columns == (2, 0)
    assert axis.time.tolist() == stamps("2004-03-10T18", "2004-03-23T19").tolist()
    assert "'Date', 'Time'" in axis.notes[0]
    assert axis.write(stamps("2004-03-11T20"), np.array([0])) == {2: ["11/03/2004"], 0: ["20.00.00"]}


def test_a_column_of_dates_and_a_column_of_hours_are_joined():
    columns = [text_column("Date", ["2016-01-01", "2016-01-01"]), text_column("Hour", ["9", "10"])]
    axis = find_axis(columns)
    assert axis.time.tolist() == stamps("2016-01-01T09", "2016-01-01T10").tolist()
    assert axis.write(stamps("2016-01-01T08"), np.array([0])) == {0: ["2016-01-01"], 1: ["8"]}


def test_adjacent_columns_are_joined_if_the_given_format_reads_them():
    columns = [text_column("day", ["1.2.2016", "2.2.2016"]), text_column("at", ["5h", "6h"])]
    axis = find_axis(columns, "%d.%m.%Y %Hh")
    assert axis.columns == (0, 1)
    assert axis.time.tolist() == stamps("2016-02-01T05", "2016-02-02T06").tolist()


def test_columns_named_year_month_day_and_hour_form_a_stamp():
    names = ("No", "Year", "month", "DAY", "hour", "v")
    columns = [
        text_column(name, values)
        for name, values in zip(
            names,
            [["1", "2"], ["2010", "2010"], ["01", "12"], ["1", "31"], ["0.0", "23.0"], ["5", "6"]],
            strict=True,
        )
    ]
    axis = find_axis(columns)
    assert axis.columns == (1, 2, 3, 4)
    assert axis.time.tolist() == stamps("2010-01-01T00", "2010-12-31T23").tolist()
    assert axis.write(stamps("2010-02-03T04"), np.array([0])) == {
        1: ["2010"],
        2: ["02"],
        3: ["3"],
        4: ["4.0"],
    }


def test_dates_written_as_one_number_are_not_read_as_unix_times():
    axis = find_axis([text_column("date", ["201601310500", "201601310600"])])
    assert axis.time.tolist() == stamps("2016-01-31T05", "2016-01-31T06").tolist()
