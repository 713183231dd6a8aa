"""Counts of cells by column, code and gap length."""

from __future__ import annotations

import json

import numpy as np

from latentfill.core.series import Series
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.summary.cell_counts import count_cells

NAN = np.nan


def test_cells_are_counted_per_column_code_and_gap_length():
    # column a: a gap of 1 and one of 3; column b: nothing at all
    values = np.array([[1, NAN], [NAN, NAN], [1, NAN], [NAN, NAN], [NAN, NAN], [NAN, NAN]])
    codes = np.array([[0, 5], [1, 5], [0, 5], [1, 5], [3, 5], [4, 5]], dtype=np.int8)
    expected = np.array([[NAN, NAN], [0.5, NAN], [NAN, NAN], [1, NAN], [2, NAN], [NAN, NAN]])
    series = Series(values, ("a", "b"), None, np.arange(6))
    counted = count_cells(series, Filled(np.zeros((6, 2)), codes, expected), np.arange(6))
    assert json.loads(json.dumps(counted)) == {
        "a": {
            "observed": 2,
            "missing": 4,
            "suspected": 0,
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
            "suspected": 0,
            "left_empty": 6,
            "by_code": {"empty": 6},
            "by_gap_length": {"4-6": {"cells": 6, "expected_absolute_error": None}},
        },
    }


def test_only_cells_of_the_table_are_counted_and_suspected_ones_apart():
    values = np.array([[1.0], [NAN], [NAN], [NAN]])
    codes = np.array([[0], [3], [3], [25]], dtype=np.int8)
    filled = Filled(np.zeros((4, 1)), codes, np.full((4, 1), 0.5))
    counted = count_cells(Series(values, ("a",), None, np.array([0, 1, -1, 2])), filled, np.array([0, 1, 3]))["a"]
    assert (counted["observed"], counted["missing"], counted["suspected"]) == (1, 1, 1)
    assert counted["by_code"] == {"linear": 1, "suspected": 1}
    assert counted["by_gap_length"] == {"2-3": {"cells": 1, "expected_absolute_error": 0.5}}
