"""Columns that measure nothing beside a time axis."""

import numpy as np

from latentfill.tables.backends.column import Column
from latentfill.tables.row_counters import find_counters
from latentfill.tables.time.axis import index_axis

YEARS = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], dtype="datetime64[ns]")


def aside(axis=None, **values):
    """What each named column of numbers does that measures nothing."""
    columns = [Column.of_numbers(name, np.array(each, dtype=float)) for name, each in values.items()]
    found = find_counters(columns, {at: column.numbers for at, column in enumerate(columns)}, axis)
    return {columns[at].name: what for at, what in found.items()}


def test_counters_stand_first_or_have_a_telling_name():
    counts = [5, 6, 7]
    assert aside(x=counts, v=counts, id=counts) == {"x": "counts the rows", "id": "counts the rows"}
    assert aside(x=[5, 7, 6], v=[1, 5, 2]) == {}


def test_never_are_all_columns_set_aside():
    assert aside(x=[1, 2, 3]) == {}
    assert aside(index_axis(Column.of_times("t", YEARS)), month=[1, 1, 1]) == {}


def test_a_first_column_that_counts_and_repeats_the_year_is_set_aside_once():
    axis = index_axis(Column.of_times("t", YEARS))
    assert aside(axis, year=[2020, 2021, 2022], v=[1, 5, 2]) == {"year": "counts the rows"}
