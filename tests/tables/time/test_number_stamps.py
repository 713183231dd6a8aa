"""Time stamps that are numbers."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.tables.backends.column import Column
from latentfill.tables.time.number_stamps import spell_dates, unix_axis, unix_unit


def text_column(name, texts):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def stamps(*texts):
    return np.array(texts, dtype="datetime64[ns]")


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1000)])
def test_unix_times_are_read_and_written(unit, factor):
    column = text_column("timestamp", [str(1451606400 * factor), str(1451610000 * factor)])
    assert unix_unit(column) == unit
    axis = unix_axis(column, 0, unit)
    assert axis.time.tolist() == stamps("2016-01-01T00", "2016-01-01T01").tolist()
    assert f"Unix time in {unit}" in axis.notes[0]
    assert axis.write(stamps("2016-01-01T02"), np.array([0])) == {0: [str(1451613600 * factor)]}


def test_other_numbers_are_not_read_as_unix_times():
    for texts in (["1", "2"], ["1451606400.5", "1451610000"], ["20160131", "20160201"], ["1451606400", "x"]):
        assert unix_unit(text_column("timestamp", texts)) is None
    assert spell_dates(np.array([20160131.0, 201601310500.0]))
