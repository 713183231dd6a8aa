"""Columns of a table in another order than in the fit."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.column_order import column_order, in_order, in_working_order, working_order
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.filling.filled import Filled


def test_columns_are_put_into_the_order_of_the_fit():
    series = Series(np.array([[1.0, 2.0, 3.0]]), ("c", "a", "b"), None, np.arange(1))
    assert column_order(("a", "b", "c"), series.columns) == [1, 2, 0]
    ordered = in_order(series, ("a", "b", "c"))
    assert ordered.columns == ("a", "b", "c")
    assert ordered.values.tolist() == [[2, 3, 1]]


def test_missing_and_surplus_columns_are_named_in_one_message():
    with pytest.raises(InputError, match="it lacks b, c and it also has x"):
        column_order(("a", "b", "c"), ("x", "a"))


def test_names_are_not_searched_one_after_the_other():
    class Names(tuple[str, ...]):
        """Names that cannot be searched: for thousands of columns that takes long."""

        def __contains__(self, name: object) -> bool:
            raise AssertionError(name)

        def index(self, *name: object) -> int:
            raise AssertionError(name)

    assert column_order(Names("abc"), Names("cab")) == [1, 2, 0]
    cells = np.arange(6.0).reshape(2, 3)
    filled = Filled(cells, cells.astype(np.int8), cells).in_order(Names("cab"), Names("abc"))
    assert filled.values.tolist() == [[2, 0, 1], [5, 3, 4]]


NAN = np.nan
READINGS = np.array([[5.0, 1.0, NAN, 5.0], [7.0, NAN, NAN, 9.0], [6.0, 2.0, NAN, 6.0]])  # medians 6, 1.5, none, 6


def test_columns_are_worked_on_by_their_medians_then_their_ends_and_empty_ones_last():
    assert working_order(("a", "b", "c", "d"), [READINGS]) == ("b", "a", "d", "c")
    assert working_order(("d", "c", "b", "a"), [READINGS]) == ("c", "d", "a", "b")


def test_of_columns_with_the_same_readings_the_first_name_comes_first():
    values = np.ones((3, 2))
    assert working_order(("b", "a"), [values]) == working_order(("a", "b"), [values]) == ("a", "b")


def test_columns_with_the_same_quantiles_are_told_apart_by_the_order_of_their_readings():
    values = np.array([[1.0, 2.0], [2.0, 1.0]])
    names = working_order(("a", "b"), [values])
    assert working_order(("a", "b"), [values[:, ::-1]]) == names[::-1]


def test_the_order_of_series_does_not_matter():
    series = [Series(READINGS + shift, tuple("abcd"), None, np.arange(3)) for shift in (0.0, 30.0, -5.0)]
    one, two = in_working_order(series), in_working_order(series[::-1])
    assert one[0].columns == ("b", "a", "d", "c")
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.values, second.values)
