"""What a summary says first, from a small summary, and how it fits a terminal of 80 characters."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from latentfill.cli.display import show_summary
from latentfill.imputation.summary.headlines import filled_text, headlines, trust_text


def column(
    missing: int, *, empty: int = 0, gap: int = 1, error: float | None = 0.1, kind: str = "continuous"
) -> dict[str, Any]:
    longest = {"steps": gap, "from": "2024-01-01 05:00"} if missing else None
    by_length = {"7-24": {"cells": missing, "expected_absolute_error": error}} if missing else {}
    counts = {"observed": 100 - missing, "missing": missing, "suspected": 0, "left_empty": empty}
    return {"kind": kind, "spread": 1.0, "longest_gap": longest, **counts, "by_gap_length": by_length}


def score(cells: int, mse: float, linear: float, between: list[float] | None = None) -> dict[str, Any]:
    error = {"cells": cells, "mse": mse, "mae": 0.3, "linear_mse": linear, "mse_ratio_90_percent": between}
    return error | {"candidates": {}, "weights": {}}


def summary(columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"columns": columns, "held_out_error": {}, "notes": [], "cells": {"blend": 5}, **more}


def test_the_first_line_counts_filled_and_empty_cells():
    assert filled_text(summary({"a": column(3), "b": column(0)})) == "3 cells in 1 of 2 columns; nothing was left empty"
    assert filled_text(summary({"a": column(5, empty=4)})) == "1 cell in 1 of 1 column; 4 cells left empty ('a')"
    assert filled_text(summary({"a": column(0)})) == "nothing, as nothing was missing"
    assert [subject for subject, _ in headlines(summary({"a": column(0)}))] == ["Filled"]


def test_the_trust_is_the_ratio_to_linear_interpolation_with_its_likely_range():
    one = summary({"a": column(3)}, held_out_error={"built-in": score(40, 0.2, 0.4, [0.4, 0.7])})
    assert trust_text(one) == (
        "0.50 x the squared error of linear interpolation (likely 0.40 to 0.70), on 40 held-out cells"
    )
    assert trust_text(summary({"a": column(3)})).startswith("error unknown")


def test_the_trust_in_series_with_a_model_each_is_that_of_all_their_cells():
    series = {
        "x": {"held_out_error": {"built-in": score(10, 1.0, 1.0, [0.9, 1.1])}, "columns": {"a": column(3)}},
        "y": {"held_out_error": {"built-in": score(30, 0.2, 1.0)}, "columns": {"a": column(3)}},
        "z": {"held_out_error": {"built-in": {"cells": 0}}, "columns": {"a": column(3)}},
    }
    both = summary({"a": column(9)}, model="own", series=series)
    assert trust_text(both) == "0.40 x the squared error of linear interpolation, on 40 held-out cells"


def test_weak_are_estimates_with_more_than_half_the_error_of_a_guess_the_worst_first():
    # the guess: 0.8 of the spread for numbers, the square of the spread for classes
    columns = {
        "good": column(3, error=0.39),
        "bad": column(3, error=0.41),
        "worse": column(3, error=0.7),
        "flag": column(3, error=0.45, kind="flag"),
        "meter": column(3, error=9.0, kind="counter"),
        "unknown": column(3, error=None),
    }
    lines = dict(headlines(summary(columns)))
    assert lines["Weak"] == (
        "more than half of the error of a guess: 'worse' in gaps of 7-24 steps (±0.7), "
        "'bad' in gaps of 7-24 steps (±0.41)"
    )
    assert dict(headlines(summary({"good": columns["good"]})))["Weak"] == "no column or gap length"


def test_what_to_look_at_are_the_longest_gaps_doubtful_readings_and_notes():
    columns = {"a": column(3), "b": column(9, gap=5), "c": column(30, gap=30)}
    lines = dict(headlines(summary(columns, doubtful={"a": {"spike": 2, "run": 1}, "b": {}}, notes=["x", "y"])))
    assert lines["Look at"] == (
        "the longest gaps, in steps: 30 from 2024-01-01 05:00 ('c'), 5 from 2024-01-01 05:00 ('b'); "
        "3 doubtful readings ('a'); 2 notes"
    )


def shown(made: dict[str, Any], **more: Any) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    show_summary(console, made, **more)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_summary_fits_80_characters_and_keeps_its_numbers_whole():
    columns = {f"a long name of a column {i}": column(1000 + i, gap=30, error=0.7) for i in range(40)}
    lines = shown(summary(columns, held_out_error={"built-in": score(40, 0.2, 0.4, [0.4, 0.7])}))
    assert max(map(len, lines)) <= 80
    assert lines[0].split()[:3] == ["Filled", "40780", "cells"]
    assert sum(" 1039 " in line for line in lines) == 1
    assert "and 28 more columns" in "\n".join(lines)


def test_all_columns_are_shown_on_request():
    columns = {f"c{i}": column(1000 + i) for i in range(40)}
    lines = shown(summary(columns), everything=True)
    assert all(sum(f" {1000 + i} " in line for line in lines) == 1 for i in range(40))
