"""Columns of a table in another order than in the fit."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.columns import column_order, in_order
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
