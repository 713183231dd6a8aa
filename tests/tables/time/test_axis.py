"""Time axes from a time index or a column of moments."""

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.time.axis import index_axis, moments_axis


def stamps(*texts):
    return np.array(texts, dtype="datetime64[ns]")


def test_the_axis_of_a_time_index_has_no_columns():
    axis = index_axis(Column.of_times("t", stamps("2016-01-01", "2016-01-02")))
    assert axis.columns == ()
    assert axis.write(axis.time, np.arange(2)) == {}
    with pytest.raises(InputError, match=r"'t' is empty in 1 row \(row 2\)"):
        index_axis(Column.of_times("t", stamps("2016-01-01", "NaT")))


def test_a_column_of_moments_is_written_as_moments():
    axis = moments_axis(Column.of_times("t", stamps("2016-01-01", "2016-01-02")), 3)
    assert axis.columns == (3,)
    assert axis.write(axis.time, np.arange(2))[3].tolist() == axis.time.tolist()
