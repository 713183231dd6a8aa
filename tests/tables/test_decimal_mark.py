"""Detecting the decimal mark of a table."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.decimal_mark import find_decimal_mark
from latentfill.tables.options import TableOptions
from latentfill.tables.time.axis import TimeAxis


def text_column(*texts, name="a"):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def mark_of(*columns, axis=None, **options):
    return find_decimal_mark(columns, axis, TableOptions(**options))


def test_the_decimal_mark_is_detected_in_any_column():
    assert mark_of(text_column("1", "2.5")).mark == "."
    assert mark_of(text_column("1", "2.5")).notes == ()
    decimal = mark_of(text_column("1,234"), text_column("0,5", name="b"))
    assert decimal.mark == ","
    assert "'b': '0,5'" in decimal.notes[0]


def test_time_columns_and_columns_of_leave_are_ignored():
    column = text_column("0,5")
    axis = TimeAxis((0,), np.array(["2020-01-01"], dtype="datetime64[ns]"), lambda time, like: {})
    assert mark_of(column, axis=axis).mark == "."
    assert mark_of(column, leave=("a",)).mark == "."


def test_a_given_decimal_mark_is_taken_without_detection():
    assert mark_of(text_column("0,5"), decimal=".").mark == "."


def test_a_comma_that_may_separate_thousands_is_refused():
    with pytest.raises(InputError, match=r"'a' holds '1,234'.*--decimal ,"):
        mark_of(text_column("1,234", "2,345"))
