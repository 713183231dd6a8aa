from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from latentfill.imputation.imputation import Imputation
from latentfill.plots.folder import LONGEST_NAME, around_longest, safe_name, save_fill_figures, save_score_figures
from latentfill.scoring.scores import Score

N = None


def test_figures_have_names_that_are_safe_and_differ(fill: Callable[..., Imputation], tmp_path: Path):
    names = ["a/b", "a b", "..", "<script>", "x" * 200, "CON", "Größe"]
    result = fill({name: [1, N, 3] for name in names})
    paths = save_fill_figures(result, tmp_path / "deep" / "plots", "svg")
    assert [path.name for path in paths] == [
        "missingness.svg",
        "gap_lengths.svg",
        "series_01_a_b.svg",
        "series_02_a_b.svg",
        "series_03_column.svg",
        "series_04_script.svg",
        f"series_05_{'x' * LONGEST_NAME}.svg",
        "series_06_CON.svg",
        "series_07_Größe.svg",
    ]
    assert sorted((tmp_path / "deep" / "plots").iterdir()) == sorted(paths)


def test_columns_with_the_most_filled_cells_come_first_and_those_without_any_have_no_figure(
    fill: Callable[..., Imputation], tmp_path: Path
):
    result = fill({"whole": [1, 2, 3, 4], "one": [1, N, 3, 4], "two": [1, N, N, 4]})
    names = [path.name for path in save_fill_figures(result, tmp_path, "svg")[2:]]
    assert names == ["series_01_two.svg", "series_02_one.svg"]


def test_at_most_twenty_columns_have_a_figure(fill: Callable[..., Imputation], tmp_path: Path):
    result = fill({f"c{i}": [1, N, 3] for i in range(25)})
    assert len(save_fill_figures(result, tmp_path, "svg")) == 2 + 20


def test_the_longest_run_is_shown_with_rows_around_it():
    filled = np.zeros(1000, dtype=bool)
    filled[100:110] = filled[500:800] = True
    assert around_longest(filled, np.arange(1000)) == (200, 1000)  # as many rows as it has; the table ends there
    assert around_longest(filled[:400], np.arange(400)) == (0, 210)  # 100 rows


def test_figures_of_intervals_are_written_where_there_are_any(scores: list[Score], tmp_path: Path):
    names = [path.name for path in save_score_figures(scores, tmp_path, "svg")]
    assert names == ["error_by_gap_length.svg", "error_by_column.svg", "calibration.svg", "coverage_by_column.svg"]
    bare = [replace(score, coverage=None, nominal=None) for score in scores]
    assert len(save_score_figures(bare, tmp_path, "svg")) == 2


def test_a_name_of_signs_alone_is_replaced():
    assert safe_name("/.:*") == "column"
    assert safe_name("temp. (°C)") == "temp_C"
