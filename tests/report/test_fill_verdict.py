"""The verdict on a filled table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from latentfill.report.fill_verdict import verdict
from latentfill.report.spans import span_text

HOUR = np.timedelta64(1, "h")


def column(weak_from: int | None = None, spread: float = 1.0, cells: int = 10, left: int = 0) -> dict[str, Any]:
    """Counts of a column whose groups are weak from this one on."""
    names = ("1", "2-3", "4-6", "7-24", "25-168")
    errors = [0.7 if weak_from is not None and number >= weak_from else 0.1 for number in range(len(names))]
    groups = {
        name: {"cells": cells, "expected_absolute_error": error} for name, error in zip(names, errors, strict=True)
    }
    counts = {"observed": 900, "missing": 5 * cells + left, "suspected": 0, "left_empty": left}
    return {"kind": "continuous", "spread": spread, **counts, "by_gap_length": groups}


def summary(columns: dict[str, Any], **score: Any) -> dict[str, Any]:
    known = {"cells": 500, "mse": 0.2, "linear_mse": 1.0, "mse_ratio_90_percent": [0.15, 0.25]} | score
    return {"columns": columns, "held_out_error": {"built-in": known}}


def test_a_good_table_is_to_be_used():
    found = verdict(summary({"a": column()}), HOUR)
    assert (found.level, found.sentence) == ("good", "Use it.")
    assert found.reasons == (
        "On 500 held-out readings, the mean squared error was 0.20 of linear interpolation's (90 % interval 0.15 to "
        "0.25).",
    )


def test_weak_gap_lengths_are_named_by_column_as_times():
    found = verdict(summary({"a": column(), "CO": column(3), "NO": column(3), "b": column(4)}), HOUR)
    assert found.sentence == (
        "Use it; do not trust gaps of more than 6 hours in 'CO', 'NO', nor gaps of more than 24 hours in 'b'."
    )


def test_a_column_that_is_weak_throughout_is_named_without_a_length():
    assert verdict(summary({"a": column(), "b": column(0), "c": column()}), None).sentence == (
        "Use it; do not trust any gap in 'b'."
    )


def test_without_a_clock_lengths_are_steps():
    assert "gaps of more than 6 steps in 'a'" in verdict(summary({"a": column(3), "b": column()}), None).sentence


def test_a_table_with_mostly_weak_columns_is_better_not_used():
    found = verdict(summary({"a": column(0), "b": column(0), "c": column()}), HOUR)
    assert found.level == "poor"
    assert found.sentence.startswith("Better not use it: most fills of 67% of the columns")


@pytest.mark.parametrize(
    ("score", "words"),
    [
        ({"mse_ratio_90_percent": None}, "few gaps could be tested"),
        ({"mse_ratio_90_percent": [0.1, 1.3]}, "few gaps could be tested"),
        ({"mse": 1.0, "mse_ratio_90_percent": [1.0, 1.0]}, "like linear interpolation"),
        ({"linear_mse": 0.0}, "no readings could be held out"),
        ({"label": "oracle"}, "may have seen the tested cells"),
    ],
)
def test_what_is_not_known_is_said(score: dict[str, Any], words: str):
    found = verdict(summary({"a": column()}, **score), HOUR)
    assert found.level == "mixed"
    assert words in found.sentence


def test_cells_that_were_left_empty_are_named():
    assert verdict(summary({"a": column(left=3)}), HOUR).reasons[-1] == "3 cells left empty, in 'a'."


def test_a_table_without_gaps_needs_no_verdict():
    nothing = {**column(), "missing": 0, "by_gap_length": {}}
    assert verdict(summary({"a": nothing}), HOUR).sentence == "Nothing was missing, and nothing was filled."


@pytest.mark.parametrize(
    ("steps", "step", "text"),
    [
        (1, HOUR, "1 hour"),
        (36, HOUR, "36 hours"),
        (173, HOUR, "7.21 days"),
        (3, np.timedelta64(15, "m"), "45 minutes"),
        (30, np.timedelta64(1, "s"), "30 seconds"),
        (8126, HOUR, "339 days"),
        (400, np.timedelta64(7, "D"), "2800 days"),
        (14, np.timedelta64(1, "M"), "14 months"),
        (1, None, "1 step"),
        (5, None, "5 steps"),
    ],
)
def test_spans_are_told_in_a_fitting_unit(steps: int, step: np.timedelta64 | None, text: str):
    assert span_text(steps, step) == text
