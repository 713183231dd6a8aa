"""Time stamps: read in many layouts, found in a table, laid on a grid, written like the others."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.errors import InputError
from latentfill.sheets import Column
from latentfill.timestamps import (
    find_time,
    format_problems,
    grid,
    parse_stamps,
    read_time,
    regular_step,
)


def text_column(name, texts):
    return Column(name=name, kind="text", texts=pa.array(texts, pa.string()))


def stamps(*texts):
    return np.array(texts, dtype="datetime64[ns]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-07-01 05:00:00", "2016-07-01T05"),
        ("2016-07-01T05:00:00", "2016-07-01T05"),
        ("2016-07-01T05:00:00Z", "2016-07-01T05"),
        ("2016-07-01T05:00:00+02:00", "2016-07-01T03"),
        ("2016-07-01 05:00:00-0330", "2016-07-01T08:30"),
        ("2016-07-01 05:00:00.25", "2016-07-01T05:00:00.25"),
        ("2016-07-01 05:00:00,123456789", "2016-07-01T05:00:00.123456789"),
        ("2016-07-01 05:00", "2016-07-01T05"),
        ("2016-07-01 5", "2016-07-01T05"),
        ("2016-07-01", "2016-07-01"),
        ("2016/7/1 5:00", "2016-07-01T05"),
        ("2016.07.01", "2016-07-01"),
        ("2016-07", "2016-07-01"),
        ("2016-183", "2016-07-01"),
        ("20160701", "2016-07-01"),
        ("20160701T0500", "2016-07-01T05"),
        ("2016070105", "2016-07-01T05"),
        ("201607010530", "2016-07-01T05:30"),
        ("20160701053015", "2016-07-01T05:30:15"),
        ("31.07.2016 05:00", "2016-07-31T05"),
        ("31/07/2016 18.00.00", "2016-07-31T18"),
        ("07/31/2016 6:00 PM", "2016-07-31T18"),
        ("07/31/2016 12:00:00 AM", "2016-07-31"),
        ("31-Jul-2016 05:00", "2016-07-31T05"),
        ("July 31, 2016 05:00", "2016-07-31T05"),
        ("Sun, 31 Jul 2016 05:00:00 GMT", "2016-07-31T05"),
        ("31.07.16", "2016-07-31"),
        ("7/31/99", "1999-07-31"),
        ("2016-07-31 24:00", "2016-08-01"),
        ("  2016-07-01  05:00 ", "2016-07-01T05"),
    ],
)
def test_common_layouts_are_read_without_a_format(text, expected):
    assert parse_stamps([text]).time.tolist() == stamps(expected).tolist()


@pytest.mark.parametrize(
    "texts",
    [
        ["2016-07-01 05:00:00", "2016-07-01 06:00:00"],
        ["1/7/2016 5:00", "13/7/2016 15:00"],
        ["7/1/2016 5:00 AM", "7/13/2016 3:00 PM"],
        ["2016-07-01T05:00:00.000Z", "2016-07-01T05:00:00.250Z"],
        ["2016-10-30T02:00+02:00", "2016-10-30T02:00+01:00"],
        ["10/03/2004 18.00.00", "23/03/2004 19.00.00"],
        ["Monday 04 July 2016", "Thursday 15 September 2016"],
        ["20160701", "20160702"],
        ["31-Dec-2016", "01-Jan-2017"],
    ],
)
def test_stamps_are_written_as_they_were_read(texts):
    found = parse_stamps(texts)
    assert found.texts_for(found.time, np.arange(2)) == texts


def test_zones_are_turned_to_utc_and_given_back():
    found = parse_stamps(["2016-10-30T02:00+02:00", "2016-10-30T02:00+01:00"])
    assert found.time.tolist() == stamps("2016-10-30T00", "2016-10-30T01").tolist()
    assert found.texts_for(stamps("2016-10-30T02"), np.array([1])) == ["2016-10-30T03:00+01:00"]


def test_day_first_is_settled_by_a_day_above_twelve():
    found = parse_stamps(["01/02/2016", "13/02/2016"])
    assert found.time.tolist() == stamps("2016-02-01", "2016-02-13").tolist()
    assert found.notes == ()
    found = parse_stamps(["02/01/2016", "02/13/2016"])
    assert found.time.tolist() == stamps("2016-02-01", "2016-02-13").tolist()


def test_an_open_order_goes_to_the_more_regular_reading_and_is_told():
    found = parse_stamps(["01/03/2016", "01/04/2016", "01/05/2016", "01/06/2016"])
    assert found.time.tolist() == stamps("2016-01-03", "2016-01-04", "2016-01-05", "2016-01-06").tolist()
    assert len(found.notes) == 1
    assert "%m/%d/%Y" in found.notes[0]
    assert "%d/%m/%Y" in found.notes[0]
    assert "--time-format" in found.notes[0]


def test_day_first_and_month_first_are_never_mixed():
    with pytest.raises(InputError, match="1 of 3 stamps"):
        parse_stamps(["01/02/2016", "13/02/2016", "02/13/2016"])


def test_layouts_may_be_mixed_as_exports_do_at_midnight():
    found = parse_stamps(["2016-01-01", "2016-01-01 01:00:00", "2016-01-01 01:00:00.5"])
    assert found.time.tolist() == stamps("2016-01-01", "2016-01-01T01", "2016-01-01T01:00:00.5").tolist()


def test_a_given_format_is_followed():
    found = parse_stamps(["16;31;12", "17;01;01"], "%y;%d;%m")
    assert found.time.tolist() == stamps("2016-12-31", "2017-01-01").tolist()
    assert found.texts_for(stamps("2017-01-02"), np.array([0])) == ["17;02;01"]


@pytest.mark.parametrize(
    ("format", "problem"),
    [("%Y-%Q", "%Q is not known"), ("%m-%d", "no year"), ("%Y-%m-%m", "%m stands there twice")],
)
def test_a_format_that_cannot_work_is_refused(format, problem):
    assert any(problem in text for text in format_problems(format))
    with pytest.raises(InputError, match=problem):
        parse_stamps(["2016"], format)


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (["2016-01-01", "soon", "2016-01-03"], ["'t'", "1 of 3", "row 2: 'soon'", "--time-format"]),
        (["2016-02-30", "2016-02-28"], ["row 1: '2016-02-30'"]),
        (["2016-01-01", "", None], ["empty in 2 rows", "rows 2, 3"]),
        (["0016-01-01", "2016-01-02"], ["row 1"]),
        (["x", "y"], ["2 of 2"]),
    ],
)
def test_stamps_that_cannot_be_read_are_named(texts, parts):
    with pytest.raises(InputError) as caught:
        parse_stamps(texts, column="t")
    for part in parts:
        assert part in str(caught.value)


def test_a_named_column_goes_before_the_first_column_of_stamps():
    columns = [text_column("opened", ["2015-01-01"] * 2), text_column("date", ["2016-01-01", "2016-01-02"])]
    axis = find_time(columns, None)
    assert axis.columns == (1,)
    assert "'opened'" in axis.notes[0]
    assert find_time(columns[:1], None).columns == (0,)


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
def test_columns_without_stamps_give_no_time(columns):
    assert find_time(columns, None) is None


def test_a_date_and_a_time_of_day_are_joined():
    columns = [
        text_column("Time", ["18.00.00", "19.00.00"]),
        text_column("x", ["1", "2"]),
        text_column("Date", ["10/03/2004", "23/03/2004"]),
    ]
    axis = find_time(columns, None)
    assert axis.columns == (2, 0)
    assert axis.time.tolist() == stamps("2004-03-10T18", "2004-03-23T19").tolist()
    assert "'Date', 'Time'" in axis.notes[0]
    assert axis.write(stamps("2004-03-11T20"), np.array([0])) == {2: ["11/03/2004"], 0: ["20.00.00"]}


def test_a_date_and_a_column_of_hours_are_joined():
    columns = [text_column("Date", ["2016-01-01", "2016-01-01"]), text_column("Hour", ["9", "10"])]
    axis = find_time(columns, None)
    assert axis.time.tolist() == stamps("2016-01-01T09", "2016-01-01T10").tolist()
    assert axis.write(stamps("2016-01-01T08"), np.array([0])) == {0: ["2016-01-01"], 1: ["8"]}


def test_year_month_day_and_hour_make_a_stamp():
    names = ("No", "Year", "month", "DAY", "hour", "v")
    columns = [
        text_column(name, values)
        for name, values in zip(
            names,
            [["1", "2"], ["2010", "2010"], ["01", "12"], ["1", "31"], ["0.0", "23.0"], ["5", "6"]],
            strict=True,
        )
    ]
    axis = find_time(columns, None)
    assert axis.columns == (1, 2, 3, 4)
    assert axis.time.tolist() == stamps("2010-01-01T00", "2010-12-31T23").tolist()
    assert axis.write(stamps("2010-02-03T04"), np.array([0])) == {
        1: ["2010"],
        2: ["02"],
        3: ["3"],
        4: ["4.0"],
    }


def test_components_that_name_no_day_are_refused():
    columns = [
        text_column("year", ["2010", "2010"]),
        text_column("month", ["2", "2"]),
        text_column("day", ["28", "30"]),
    ]
    with pytest.raises(InputError, match=r"year, month, day make no stamp in 1 rows \(row 2"):
        read_time(columns, (0, 1, 2), None)
    with pytest.raises(InputError, match="year"):
        read_time(columns, (1, 2), None)


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1000)])
def test_unix_times_are_read_under_a_telling_name(unit, factor):
    column = text_column("timestamp", [str(1451606400 * factor), str(1451610000 * factor)])
    axis = find_time([column], None)
    assert axis.time.tolist() == stamps("2016-01-01T00", "2016-01-01T01").tolist()
    assert f"Unix time in {unit}" in axis.notes[0]
    assert axis.write(stamps("2016-01-01T02"), np.array([0])) == {0: [str(1451613600 * factor)]}


def test_whole_numbers_that_spell_a_date_are_no_unix_time():
    axis = find_time([text_column("date", ["201601310500", "201601310600"])], None)
    assert axis.time.tolist() == stamps("2016-01-31T05", "2016-01-31T06").tolist()


def test_the_most_common_distance_is_the_step():
    time = stamps("2016-01-01T00", "2016-01-01T01", "2016-01-01T02", "2016-01-01T05")
    assert regular_step(time) == np.timedelta64(1, "h")
    laid = grid(time, regular_step(time))
    assert len(laid.time) == 6
    assert laid.positions.tolist() == [0, 1, 2, 5]


def test_a_step_that_never_occurs_is_found_when_it_divides_all_distances():
    time = stamps("2016-01-01T00", "2016-01-01T02", "2016-01-01T04", "2016-01-01T07")
    assert regular_step(time) == np.timedelta64(1, "h")


@pytest.mark.parametrize(
    "texts",
    [
        ["2016-01-15", "2016-02-15", "2016-03-15", "2016-05-15"],
        ["2016-01-31", "2016-02-29", "2016-03-31", "2016-05-31"],
    ],
)
def test_calendar_months_make_a_grid(texts):
    time = stamps(*texts)
    step = regular_step(time)
    assert step == np.timedelta64(1, "M")
    laid = grid(time, step)
    assert laid.positions.tolist() == [0, 1, 2, 4]
    assert laid.time[3] == stamps(texts[0].replace("-01-15", "-04-15").replace("-01-31", "-04-30"))[0]


def test_years_come_in_twelve_months():
    assert regular_step(stamps("2015-01-01", "2016-01-01", "2017-01-01")) == np.timedelta64(12, "M")


def test_stamps_beside_a_grid_have_no_step():
    time = stamps("2016-01-01T00", "2016-01-01T01:00:07", "2016-01-01T02:00:01", "2016-01-01T02:59:59")
    assert regular_step(time) is None
    assert grid(time, np.timedelta64(1, "h")) is None
    assert regular_step(time[:1]) is None
