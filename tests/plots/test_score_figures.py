from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from latentfill import plots
from latentfill.core.errors import InputError
from latentfill.plots.save import to_svg
from latentfill.plots.score_rows import as_scores, score_rows
from latentfill.scoring.scores import Score

FIGURES = [plots.error_by_gap_length, plots.error_by_column, plots.calibration, plots.coverage_by_column]


def titles(figure: Any) -> list[str]:
    """What the marks tell on hover."""
    return re.findall("<title>([^<]*)</title>", to_svg(figure))


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_scores_are_drawn_from_a_list_and_from_the_frame_of_any_library(
    figure: Callable[[object], Any], scores: list[Score]
):
    frame = pd.DataFrame([asdict(score) for score in scores])
    expected = to_svg(figure(scores))
    for same in (frame, pl.from_pandas(frame.drop(columns=["label", "encoder"])), pa.Table.from_pandas(frame)):
        assert to_svg(figure(same)) == expected


def test_of_a_stacked_table_the_scores_over_all_series_are_drawn(scores: list[Score]):
    rows = [{"series": name, **asdict(score)} for name in ("all", "A") for score in scores]
    assert as_scores(pd.DataFrame(rows)) == scores


@pytest.mark.parametrize("other", [3, "scores.json", pd.DataFrame({"a": [1]}), []])
def test_what_are_no_scores_is_refused(other: object):
    with pytest.raises(InputError, match=r"latentfill\.evaluate returned"):
        plots.error_by_gap_length(other)


def test_counts_are_those_of_all_seeds(scores: list[Score]):
    rows = score_rows([*scores, *(replace(score, seed=1, gaps=5) for score in scores)], "mse")
    assert {(row["cells"], row["gaps"]) for row in rows} == {(120, 25)}
    assert rows[0]["counts"] == "120 cells in 25 gaps"
    assert score_rows([replace(score, gaps=None) for score in scores], "mse")[0]["counts"] == "60 cells"


def test_errors_by_gap_length_tell_strategy_ratio_and_counts(scores: list[Score]):
    assert titles(plots.error_by_gap_length(scores)) == [
        "auto, gaps of 1 step: 0.50 (60 cells in 20 gaps)",
        "auto, gaps of 4-6 steps: 0.50 (60 cells in 20 gaps)",
    ]


def test_cells_of_the_heat_map_are_blue_where_better_and_orange_where_worse(
    scores: list[Score], layer_rows: Callable[..., Any]
):
    worse = [replace(score, ratio_to_linear=2.0) if score.column == "y" else score for score in scores]
    cells = layer_rows(plots.error_by_column(worse))[0]
    assert {(cell["column"], cell["text"], cell["colour"]) for cell in cells} == {
        ("x", "0.50", "better"),
        ("y", "2.00", "worse"),
    }
    assert len({cell["opacity"] for cell in cells}) == 1  # half and twice are as far from 1


def test_coverage_that_is_clearly_off_is_marked(scores: list[Score], layer_rows: Callable[..., Any]):
    cells = layer_rows(plots.coverage_by_column(scores))[0]
    assert {(cell["column"], cell["text"]) for cell in cells} == {("x", "85%"), ("y", "50% ▾")}
    assert any("too low (60 cells in 20 gaps)" in cell["about"] for cell in cells)


def test_calibration_shows_gap_lengths_and_columns_with_their_uncertainty(scores: list[Score]):
    found = titles(plots.calibration(scores))
    assert len(found) == 2 * (2 + 2)  # strategies, gap lengths and columns
    # Wilson's interval of 17 of 20 is 0.640 to 0.948
    assert "auto, x: 85.0%, likely 64% to 95% (60 cells in 20 gaps)" in found


def test_scores_without_intervals_have_no_calibration(scores: list[Score]):
    bare = [replace(score, coverage=None, nominal=None) for score in scores]
    for figure in (plots.calibration, plots.coverage_by_column):
        with pytest.raises(InputError, match=r"no coverage: evaluate with intervals, such as --intervals 0\.9"):
            figure(bare)


def test_an_unknown_strategy_is_refused(scores: list[Score]):
    with pytest.raises(InputError, match="unknown strategy 'atuo': did you mean 'auto'"):
        plots.error_by_column(scores, "atuo")


def test_each_pattern_and_rate_has_a_chart(scores: list[Score]):
    svg = to_svg(plots.error_by_gap_length([*scores, *(replace(score, pattern="point", rate=0.3) for score in scores)]))
    assert ">block, 10 % hidden</text>" in svg
    assert ">point, 30 % hidden</text>" in svg
