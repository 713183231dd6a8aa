"""Columns that are not measurements: row counters, and parts of the time stamp."""

import numpy as np

from latentfill.tables.backends.column import Column
from latentfill.tables.row_counters import find_counters
from latentfill.tables.time.axis import index_axis

YEARS = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], dtype="datetime64[ns]")


def reasons(axis=None, **values):
    """Why columns are not measurements, by name; `values` are columns of numbers by name."""
    columns = [Column.of_numbers(name, np.array(each, dtype=float)) for name, each in values.items()]
    counters = find_counters(columns, {position: column.numbers for position, column in enumerate(columns)}, axis)
    return {columns[position].name: reason for position, reason in counters.items()}


def test_a_column_that_counts_is_a_row_counter_if_it_is_first_or_named_so():
    counts = [5, 6, 7]
    assert reasons(x=counts, v=counts, id=counts) == {"x": "counts the rows", "id": "counts the rows"}
    assert reasons(x=[5, 7, 6], v=[1, 5, 2]) == {}


def test_at_least_one_column_remains():
    assert reasons(x=[1, 2, 3]) == {}
    assert reasons(index_axis(Column.of_times("t", YEARS)), month=[1, 1, 1]) == {}


def test_a_column_that_counts_and_repeats_the_year_has_one_reason():
    axis = index_axis(Column.of_times("t", YEARS))
    assert reasons(axis, year=[2020, 2021, 2022], v=[1, 5, 2]) == {"year": "counts the rows"}
