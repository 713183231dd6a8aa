import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfill.gaps import BUCKET_NAMES
from latentfill.result import MEANINGS, Code, Filled, HeldOutErrors, count_cells, count_codes, row_ranges
from latentfill.series import Series

NAN = np.nan


def errors(*groups: tuple[int, int, int, float]) -> HeldOutErrors:
    """Held-out errors from groups of column, bucket, number of cells and size; linear interpolation errs twice."""
    column, bucket, count, size = (np.array(part) for part in zip(*groups, strict=True))
    error = np.repeat(size.astype(float), count)
    error[::2] *= -1  # the sign must not matter
    return HeldOutErrors(np.repeat(column, count), np.repeat(bucket, count), error, 2 * error)


# --- the error to expect -------------------------------------------------------------------------


def test_a_group_with_enough_cells_has_its_own_error_in_original_units():
    expected = errors((0, 0, 30, 1.0), (1, 0, 30, 3.0)).expected(np.array([10.0, 100.0]))
    assert expected.shape == (2, len(BUCKET_NAMES))
    assert expected[:, 0].tolist() == [10.0, 300.0]


def test_a_small_group_takes_the_error_of_its_gap_length():
    # bucket 1 has 60 cells of 1 and 20 of 5: (60 + 100) / 80 = 2 over all columns
    expected = errors((0, 1, 60, 1.0), (1, 1, 20, 5.0)).expected(np.array([1.0, 10.0, 100.0]))
    assert expected[:, 1].tolist() == [1.0, 20.0, 200.0]


def test_a_small_gap_length_takes_the_error_of_everything():
    # bucket 0: 90 cells of 1, bucket 1: 10 of 6: (90 + 60) / 100 = 1.5 over all
    expected = errors((0, 0, 90, 1.0), (0, 1, 10, 6.0)).expected(np.array([2.0]))
    assert expected.tolist() == [[2.0, 3.0, 3.0, 3.0, 3.0, 3.0]]


def test_the_last_cell_makes_a_group_large_enough():
    assert errors((0, 0, 29, 1.0), (1, 0, 71, 3.0)).expected(np.ones(2))[0, 0] == pytest.approx(2.42)
    assert errors((0, 0, 30, 1.0), (1, 0, 70, 3.0)).expected(np.ones(2))[0, 0] == 1.0


def test_nothing_held_out_means_nothing_to_expect():
    nothing = HeldOutErrors(np.empty(0, int), np.empty(0, int), np.empty(0), np.empty(0))
    assert np.isnan(nothing.expected(np.ones(2))).all()
    assert nothing.summary("units") == {"cells": 0}


def test_the_summary_compares_with_linear_interpolation():
    # errors -1, 1, -3: mse 11 / 3, mae 5 / 3; linear errs twice as much
    summary = HeldOutErrors(
        np.zeros(3, int), np.zeros(3, int), np.array([-1.0, 1, -3]), np.array([2.0, -2, 6])
    ).summary("units")
    assert summary["cells"] == 3
    assert (summary["mse"], summary["mae"]) == (pytest.approx(11 / 3), pytest.approx(5 / 3))
    assert (summary["linear_mse"], summary["linear_mae"]) == (pytest.approx(44 / 3), pytest.approx(10 / 3))
    assert summary["mse_ratio_to_linear"] == pytest.approx(0.25)


def test_a_line_without_error_gives_no_ratio():
    perfect = HeldOutErrors(np.zeros(1, int), np.zeros(1, int), np.ones(1), np.zeros(1))
    assert perfect.summary("units")["mse_ratio_to_linear"] is None


# --- counting ------------------------------------------------------------------------------------


def test_cells_are_counted_per_column_code_and_gap_length():
    # column a: a gap of 1 and one of 3; column b: nothing at all
    values = np.array([[1, NAN], [NAN, NAN], [1, NAN], [NAN, NAN], [NAN, NAN], [NAN, NAN]])
    codes = np.array([[0, 5], [1, 5], [0, 5], [1, 5], [3, 5], [4, 5]], dtype=np.int8)
    expected = np.array([[NAN, NAN], [0.5, NAN], [NAN, NAN], [1, NAN], [2, NAN], [NAN, NAN]])
    series = Series(values, ("a", "b"), None, np.arange(6))
    counted = count_cells(series, Filled(np.zeros((6, 2)), codes, expected))
    assert json.loads(json.dumps(counted)) == {
        "a": {
            "observed": 2,
            "missing": 4,
            "left_empty": 0,
            "by_code": {"denoise": 2, "linear": 1, "fallback": 1},
            "by_gap_length": {
                "1": {"cells": 1, "expected_absolute_error": 0.5},
                "2-3": {"cells": 3, "expected_absolute_error": 1.5},  # of the two cells that have one
            },
        },
        "b": {
            "observed": 0,
            "missing": 6,
            "left_empty": 6,
            "by_code": {"empty": 6},
            "by_gap_length": {"4-6": {"cells": 6, "expected_absolute_error": None}},
        },
    }


def test_codes_without_cells_are_left_out():
    assert count_codes(np.array([[0, 0], [5, 2]], dtype=np.int8)) == {"observed": 2, "stored": 1, "empty": 1}


def test_every_code_has_a_meaning():
    assert set(MEANINGS) == set(Code)


def test_columns_are_taken_in_the_given_order():
    cells = np.arange(6.0).reshape(2, 3)
    taken = Filled(cells, cells.astype(np.int8), cells + 10).take_columns(np.array([2, 0]))
    assert taken.values.tolist() == [[2, 0], [5, 3]]
    assert (taken.codes.tolist(), taken.expected.tolist()) == ([[2, 0], [5, 3]], [[12, 10], [15, 13]])


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
