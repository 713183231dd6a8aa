"""Time stamps from one column of texts, or from several that are joined."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.time.stamp_column import parse_stamps, stamp_axis


def text_column(name, texts):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def stamps(*texts):
    return np.array(texts, dtype="datetime64[ns]")


def test_new_stamps_of_one_column_are_written_like_the_others():
    axis = stamp_axis([text_column("d", ["1.2.2016", "13.2.2016"])], (0,), None)
    assert axis.time.tolist() == stamps("2016-02-01", "2016-02-13").tolist()
    assert axis.write(stamps("2016-03-01"), np.array([0])) == {0: ["1.3.2016"]}


def test_new_stamps_of_joined_columns_are_split_into_the_columns():
    columns = [text_column("d", ["1 Jul 2016", "2 Jul 2016"]), text_column("t", ["6:00 PM", "7:00 PM"])]
    axis = stamp_axis(columns, (0, 1), None)
    assert axis.write(stamps("2016-07-03T20"), np.array([0])) == {0: ["3 Jul 2016"], 1: ["8:00 PM"]}


def test_a_frame_column_of_dates_and_one_of_hours_are_joined():
    days = np.array(["2016-01-01", "2016-01-01"], dtype="datetime64[ns]")
    columns = [Column.of_times("date", days), Column.of_numbers("hour", np.array([5.0, 6.0]))]
    assert stamp_axis(columns, (0, 1), None).time.tolist() == stamps("2016-01-01T05", "2016-01-01T06").tolist()


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (["2016-01-01", "soon", "2016-01-03"], ["'t'", "1 of 3", "row 2: 'soon'", "--time-format"]),
        (["2016-02-30", "2016-02-28"], ["row 1: '2016-02-30'"]),
        (["0016-01-01", "2016-01-02"], ["row 1"]),
        (["x", "y"], ["2 of 2"]),
    ],
)
def test_stamps_that_cannot_be_read_are_listed(texts, parts):
    with pytest.raises(InputError) as caught:
        parse_stamps(texts, column="t")
    for part in parts:
        assert part in str(caught.value)


def test_day_first_and_month_first_are_never_mixed():
    with pytest.raises(InputError, match="1 of 3 time stamps"):
        parse_stamps(["01/02/2016", "13/02/2016", "02/13/2016"])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (Column("x", "other"), "neither time stamps nor text"),
        (text_column("t", ["2016-01-01", "", None]), r"'t' is empty in 2 rows \(rows 2, 3\)"),
    ],
)
def test_columns_without_stamps_are_refused(column, words):
    with pytest.raises(InputError, match=words):
        stamp_axis([column], (0,), None)
