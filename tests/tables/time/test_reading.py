"""The time axis of a table: from named columns, detected columns or the index."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.time.reading import TimeRequest, read_time_axis


def text_column(name, texts):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def stamps(*texts):
    return np.array(texts, dtype="datetime64[ns]")


def test_only_the_named_columns_are_read():
    columns = [text_column("date", ["2016-01-01", "2016-01-02"]), text_column("day", ["1.2.2016", "2.2.2016"])]
    axis = read_time_axis(columns, None, TimeRequest(names=("day",)))
    assert axis.columns == (1,)
    assert axis.time.tolist() == stamps("2016-02-01", "2016-02-02").tolist()
    assert read_time_axis(columns, None, TimeRequest(names=())) is None


def test_excluded_columns_are_not_detected():
    columns = [text_column("date", ["2016-01-01", "2016-01-02"]), text_column("day", ["1.2.2016", "2.2.2016"])]
    assert read_time_axis(columns, None, TimeRequest()).columns == (0,)
    assert read_time_axis(columns, None, TimeRequest(excluded=frozenset({"date"}))).columns == (1,)


def test_the_index_is_the_time_axis_before_any_column():
    index = Column.of_times("t", stamps("2017-01-01", "2017-01-02"))
    columns = [text_column("date", ["2016-01-01", "2016-01-02"])]
    assert read_time_axis(columns, index, TimeRequest(names=("date",))).columns == (0,)
    for axis in (
        read_time_axis(columns, index, TimeRequest(names=("t",))),
        read_time_axis(columns, index, TimeRequest()),
        read_time_axis([text_column("v", ["1", "2"])], index, TimeRequest()),
    ):
        assert axis.columns == ()
        assert axis.time.tolist() == index.times.tolist()


def test_a_column_of_moments_called_year_is_read_as_moments():
    axis = read_time_axis([Column.of_times("year", stamps("2016-01-01", "2017-01-01"))], None, TimeRequest())
    assert axis.time.tolist() == stamps("2016-01-01", "2017-01-01").tolist()


def test_a_format_that_reads_no_column_is_refused():
    with pytest.raises(InputError, match=r"--time-format '%Y-%m'.*--time COLUMN"):
        read_time_axis([text_column("v", ["1", "2"])], None, TimeRequest(format="%Y-%m"))
