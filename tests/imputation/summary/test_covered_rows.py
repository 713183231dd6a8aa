"""The rows that stored embeddings cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfill.imputation.summary.covered_rows import row_ranges


@pytest.mark.parametrize(
    ("rows", "ranges"),
    [
        ([0, 1, 1, 0, 1], [[1, 2], [4, 4]]),
        ([1, 1], [[0, 1]]),
        ([0, 0], []),
        ([], []),
    ],
)
def test_row_ranges_name_first_and_last_of_each_run(rows, ranges):
    assert row_ranges(np.array(rows, dtype=bool)) == ranges


@settings(deadline=None)
@given(rows=st.lists(st.booleans(), max_size=30))
def test_row_ranges_cover_exactly_the_rows(rows):
    ranges = row_ranges(np.array(rows, dtype=bool))
    covered = [row for first, last in ranges for row in range(first, last + 1)]
    assert covered == [i for i, inside in enumerate(rows) if inside]
