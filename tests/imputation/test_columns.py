"""Columns of a table in another order than in the fit."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.columns import column_order, in_order


def test_columns_are_put_into_the_order_of_the_fit():
    series = Series(np.array([[1.0, 2.0, 3.0]]), ("c", "a", "b"), None, np.arange(1))
    assert column_order(("a", "b", "c"), series.columns) == [1, 2, 0]
    ordered = in_order(series, ("a", "b", "c"))
    assert ordered.columns == ("a", "b", "c")
    assert ordered.values.tolist() == [[2, 3, 1]]


def test_missing_and_surplus_columns_are_named_in_one_message():
    with pytest.raises(InputError, match="it lacks b, c and it also has x"):
        column_order(("a", "b", "c"), ("x", "a"))
