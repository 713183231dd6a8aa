"""Reading stamps in many layouts, and writing new stamps in the same layout."""

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.time.layouts import read_stamps


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
    assert read_stamps([text]).time.tolist() == stamps(expected).tolist()


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
    read = read_stamps(texts)
    assert read.texts_for(read.time, np.arange(2)) == texts


def test_stamps_with_zones_are_read_as_utc_and_written_in_their_zone():
    read = read_stamps(["2016-10-30T02:00+02:00", "2016-10-30T02:00+01:00"])
    assert read.time.tolist() == stamps("2016-10-30T00", "2016-10-30T01").tolist()
    assert read.texts_for(stamps("2016-10-30T02"), np.array([1])) == ["2016-10-30T03:00+01:00"]


def test_a_number_above_twelve_decides_whether_the_day_comes_first():
    read = read_stamps(["01/02/2016", "13/02/2016"])
    assert read.time.tolist() == stamps("2016-02-01", "2016-02-13").tolist()
    assert read.notes == ()
    read = read_stamps(["02/01/2016", "02/13/2016"])
    assert read.time.tolist() == stamps("2016-02-01", "2016-02-13").tolist()


def test_an_ambiguous_order_is_read_as_the_more_regular_one_with_a_note():
    read = read_stamps(["01/03/2016", "01/04/2016", "01/05/2016", "01/06/2016"])
    assert read.time.tolist() == stamps("2016-01-03", "2016-01-04", "2016-01-05", "2016-01-06").tolist()
    assert len(read.notes) == 1
    assert "%m/%d/%Y" in read.notes[0]
    assert "%d/%m/%Y" in read.notes[0]
    assert "--time-format" in read.notes[0]


def test_one_column_may_mix_layouts():
    read = read_stamps(["2016-01-01", "2016-01-01 01:00:00", "2016-01-01 01:00:00.5"])
    assert read.time.tolist() == stamps("2016-01-01", "2016-01-01T01", "2016-01-01T01:00:00.5").tolist()


def test_stamps_are_read_with_the_given_format():
    read = read_stamps(["16;31;12", "17;01;01"], "%y;%d;%m")
    assert read.time.tolist() == stamps("2016-12-31", "2017-01-01").tolist()
    assert read.texts_for(stamps("2017-01-02"), np.array([0])) == ["17;02;01"]


def test_an_invalid_format_is_refused():
    with pytest.raises(InputError, match="--time-format '%Y-%Q' cannot be used: %Q is not known"):
        read_stamps(["2016"], "%Y-%Q")
