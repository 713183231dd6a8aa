"""Turning estimates into edits of a table: which cells are written, and which estimates are refused."""

import numpy as np
import pandas as pd
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.read import read_table
from latentfill.tables.to_edits import Estimates, make_edits

NAN = np.nan


@pytest.fixture
def table():
    """Two value columns, the second of text with one decimal; one cell of each is missing."""
    return read_table(pd.DataFrame({"w": ["x", "y", "z"], "a": [1.0, NAN, 3.0], "b": ["1.5", "2.5", None]}))


def test_only_missing_cells_with_an_estimate_are_written(table):
    edits = make_edits(table, Estimates(np.array([[9, 9], [NAN, 9], [9, 4.26]])))
    assert edits.order.tolist() == [0, 1, 2]
    assert not edits.fills[1].cells.any()
    assert edits.fills[2].cells.tolist() == [False, False, True]
    assert edits.fills[2].texts == ["4.3"]
    np.testing.assert_array_equal(edits.fills[2].values, [1.5, 2.5, 4.26])


def test_extra_columns_repeat_the_texts_of_observed_cells(table):
    lower = np.array([[1, 1.4], [0.55, 2.4], [3, 4]])
    edits = make_edits(table, Estimates(np.full((3, 2), 2.0), precision=1, extras={"lower": lower}))
    assert [extra.name for extra in edits.extras] == ["a_lower", "b_lower"]
    assert edits.extras[0].values.tolist() == [1, 0.6, 3]
    assert edits.extras[1].texts.to_pylist() == ["1.5", "2.5", "4.0"]


@pytest.mark.parametrize(
    ("estimates", "words"),
    [
        (Estimates(np.zeros((3, 1))), r"shape \(3, 1\).*\(3, 2\)"),
        (Estimates(np.full((3, 2), np.inf)), "infinities"),
        (Estimates(np.zeros((3, 2)), precision=18), "from 0 to 17 decimals, got 18"),
    ],
)
def test_estimates_that_cannot_be_written_are_refused(table, estimates, words):
    with pytest.raises(InputError, match=words):
        make_edits(table, estimates)
