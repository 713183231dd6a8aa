import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfill.core.series import Series
from latentfill.core.strategy_table import cell_codes
from latentfill.imputation.result import Code, Filled, count_cells, count_codes, row_ranges, score_summary

NAN = np.nan


def test_the_summary_compares_with_linear_interpolation():
    # errors -1, 1, -3: mse 11 / 3, mae 5 / 3; linear errs twice as much
    summary = score_summary(np.array([-1.0, 1, -3]), np.array([2.0, -2, 6]), "units")
    assert summary["cells"] == 3
    assert (summary["mse"], summary["mae"]) == (pytest.approx(11 / 3), pytest.approx(5 / 3))
    assert (summary["linear_mse"], summary["linear_mae"]) == (pytest.approx(44 / 3), pytest.approx(10 / 3))
    assert summary["mse_ratio_to_linear"] == pytest.approx(0.25)


def test_a_line_without_error_gives_no_ratio():
    assert score_summary(np.ones(1), np.zeros(1), "units")["mse_ratio_to_linear"] is None


def test_nothing_held_out_gives_no_score():
    assert score_summary(np.empty(0), np.empty(0), "units") == {"cells": 0}


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


def test_every_code_has_a_meaning_and_the_name_of_its_strategy():
    assert {(code.number, code.name) for code in cell_codes()} == {(code.value, code.name.lower()) for code in Code}
    assert all(code.meaning.startswith(f"{code.name}: ") for code in cell_codes())


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
