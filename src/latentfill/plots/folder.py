"""Folders of figures, as `--plots` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.series import BoolArray, IntArray
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.stacked import StackedImputation
from latentfill.plots.calibration import calibration
from latentfill.plots.error_by_gap_length import error_by_gap_length
from latentfill.plots.filled_series import filled_series
from latentfill.plots.gap_lengths import gap_lengths
from latentfill.plots.heat_maps import coverage_by_column, error_by_column
from latentfill.plots.missing_map import missingness
from latentfill.plots.save import save
from latentfill.scoring.scores import Score
from latentfill.tables.table import output_rows
from latentfill.windows.gaps import find_gaps

if TYPE_CHECKING:
    import altair

MOST_SERIES = 20  # columns with a figure of their own
MOST_STACKED = 20  # series of a stacked table with a folder of their own
LEAST_AROUND = 100  # rows shown before and after the longest gap; as many as the gap has if that is more
LONGEST_NAME = 40  # characters of a column's name in a file name, at most 160 bytes of the 255 that file systems allow


def save_fill_figures(result: Imputation, folder: Path, ending: str) -> list[Path]:
    """Write the figures of a filled table to a folder, as files with this ending, and return their paths."""
    return _save_all(_fill_figures(result), folder, ending)


def save_stacked_figures(result: StackedImputation, folder: Path, ending: str) -> list[Path]:
    """The same for a table of several series: a folder for each of those with the most filled cells."""
    filled = {number: int(_is_filled(each).sum()) for number, each in result.series.items()}
    order = sorted((number for number in filled if filled[number]), key=lambda number: -filled[number])
    paths = []
    for rank, number in enumerate(order[:MOST_STACKED], start=1):
        name = f"{rank:02}_{safe_name(result.table.groups[number].name)}"
        paths += save_fill_figures(result.series[number], folder / name, ending)
    return paths


def save_score_figures(scores: Sequence[Score], folder: Path, ending: str) -> list[Path]:
    """The same for the figures of scores."""
    return _save_all(_score_figures(scores), folder, ending)


def _save_all(figures: Iterator[tuple[str, altair.TopLevelMixin]], folder: Path, ending: str) -> list[Path]:
    paths = []
    for name, figure in figures:
        paths.append(folder / f"{name}.{ending}")
        save(figure, paths[-1])
    return paths


def _fill_figures(result: Imputation) -> Iterator[tuple[str, altair.TopLevelMixin]]:
    """The figures with the names of their files: of the table, and of the columns with the most filled cells."""
    yield "missingness", missingness(result)
    yield "gap_lengths", gap_lengths(result)
    filled, steps, names = _is_filled(result), np.unique(output_rows(result.table).steps), result.table.series.columns
    counts = filled.sum(axis=0)
    order = [c for c in np.argsort(-counts, kind="stable").tolist() if counts[c]]
    for number, c in enumerate(order[:MOST_SERIES], start=1):
        start, stop = around_longest(filled[:, c], steps)
        yield f"series_{number:02}_{safe_name(names[c])}", filled_series(result, names[c], start, stop, hover=False)


def _is_filled(result: Imputation) -> BoolArray:
    """Cells (R, C) of the rows of the table, in the order of time, that were filled."""
    codes = result.filled.codes[np.unique(output_rows(result.table).steps)]
    return ~np.isin(codes, (Code.OBSERVED, Code.SUSPECTED, Code.EMPTY))


def _score_figures(scores: Sequence[Score]) -> Iterator[tuple[str, altair.TopLevelMixin]]:
    """The figures with the names of their files; those of intervals only where there are any."""
    yield "error_by_gap_length", error_by_gap_length(scores)
    yield "error_by_column", error_by_column(scores)
    if any(score.coverage is not None for score in scores):
        yield "calibration", calibration(scores)
        yield "coverage_by_column", coverage_by_column(scores)


def around_longest(filled: BoolArray, steps: IntArray) -> tuple[int, int]:
    """The first step, and the one after the last, of the rows around the longest run of `filled` rows (R,)."""
    runs = find_gaps(~filled[:, None])
    longest = int(np.argmax(runs.length))
    start, length = int(runs.start[longest]), int(runs.length[longest])
    around = max(LEAST_AROUND, length)
    rows = steps[max(0, start - around) : start + length + around]
    return int(rows[0]), int(rows[-1]) + 1


def safe_name(name: str) -> str:
    """The name of a column as a part of a file name: without signs that mean something to a system, and not long."""
    return re.sub(r"[^\w-]+", "_", name)[:LONGEST_NAME].strip("_") or "column"
