"""The record of a filled series."""

from __future__ import annotations

import numpy as np

from latentfill.imputation.filling.filled import Filled


def test_columns_are_taken_in_the_given_order():
    cells = np.arange(6.0).reshape(2, 3)
    taken = Filled(cells, cells.astype(np.int8), cells + 10).in_order(("c", "a"), ("a", "b", "c"))
    assert taken.values.tolist() == [[2, 0], [5, 3]]
    assert (taken.codes.tolist(), taken.expected.tolist()) == ([[2, 0], [5, 3]], [[12, 10], [15, 13]])
