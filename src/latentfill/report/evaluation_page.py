"""The scores of `latentfill evaluate` as one self-contained page of HTML, with tables and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from latentfill.plots.calibration import calibration
from latentfill.plots.error_by_gap_length import error_by_gap_length
from latentfill.plots.heat_maps import coverage_by_column, error_by_column
from latentfill.plots.save import to_svg
from latentfill.plots.score_rows import (
    MOST_COLUMNS,
    YARDSTICK_NAMES,
    columns_of,
    first_strategy,
    nominal_of,
    strategies_of,
)
from latentfill.report.changed_settings import changed_settings
from latentfill.report.rendering import check_installed, render
from latentfill.report.score_tables import ScoreTable, by_column, by_gap_length, by_strategy
from latentfill.report.score_verdict import coverage_verdict, verdict
from latentfill.scoring.encoder_table import HEADINGS as ENCODER_HEADINGS
from latentfill.scoring.encoder_table import encoder_rows
from latentfill.scoring.scores import Score, key_of, of_all_cells, yardstick_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """What the page says of the intervals of one strategy."""

    verdict: str
    calibration: str  # SVG
    by_column: str  # SVG


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of the page about one pattern and rate."""

    pattern: str
    rate: float  # requested share of the observed cells to hide
    realised_rate: float  # share of the observed cells that were hidden
    cells: int  # hidden, over all seeds
    seeds: int
    verdict: list[str]  # sentences
    strategies: ScoreTable
    encoders: list[tuple[str, ...]]  # rows below `ENCODER_HEADINGS`; empty if encoders are not compared
    oracle: list[str]  # strategies whose embeddings may have seen the hidden cells
    yardstick: str  # what errors are compared with
    error_by_gap: str  # SVG
    by_gap: ScoreTable
    first: str  # the strategy that the heat maps show
    error_by_column: str  # SVG
    by_column: ScoreTable
    intervals: Intervals | None
    left_out: int  # number of columns that the heat maps do not show


def to_html(about: Mapping[str, object], scores: Sequence[Score]) -> bytes:
    """The page of one run; `about` holds its table, settings and version, as for `score_files.to_json`.

    Raises an `InputError` if the packages of the extra `report` are not installed.
    """
    check_installed()
    return render(
        "evaluation.html.jinja",
        about=about,
        scoring=_scoring(about, scores),
        settings=changed_settings(about),
        encoder_headings=ENCODER_HEADINGS,
        sections=list(_sections(scores)),
    )


def _scoring(about: Mapping[str, object], scores: Sequence[Score]) -> dict[str, object]:
    """How cells were hidden, with the strategies that were run."""
    of_run = about.get("scoring", {})
    assert isinstance(of_run, Mapping)
    return {**of_run, "strategies": strategies_of(scores)}


def _sections(scores: Sequence[Score]) -> Iterator[Section]:
    """A section for each pattern and rate."""
    for pattern, rate in dict.fromkeys((score.pattern, score.rate) for score in scores):
        yield _section([score for score in scores if (score.pattern, score.rate) == (pattern, rate)])


def _section(scores: Sequence[Score]) -> Section:
    """The section of one pattern and rate."""
    overall, first = of_all_cells(scores), first_strategy(scores)
    of_first = [score for score in overall if key_of(score).name == first]
    return Section(
        pattern=overall[0].pattern,
        rate=overall[0].rate,
        realised_rate=sum(score.realised_rate for score in of_first) / len(of_first),
        cells=sum(score.cells for score in of_first),
        seeds=len({score.seed for score in overall}),
        verdict=verdict(scores),
        strategies=by_strategy(scores),
        encoders=[row.texts for row in encoder_rows(scores)],
        oracle=list(dict.fromkeys(key_of(score).name for score in overall if score.label)),
        yardstick=YARDSTICK_NAMES[yardstick_of(scores)],
        error_by_gap=to_svg(error_by_gap_length(scores), css=True),
        by_gap=by_gap_length(scores),
        first=first,
        error_by_column=to_svg(error_by_column(scores, first), css=True),
        by_column=by_column(scores),
        intervals=_intervals(scores, first) if any(score.coverage is not None for score in scores) else None,
        left_out=max(0, len(columns_of(scores)) - MOST_COLUMNS),
    )


def _intervals(scores: Sequence[Score], strategy: str) -> Intervals:
    nominal = nominal_of(scores)
    return Intervals(
        verdict=coverage_verdict(scores, strategy, nominal),
        calibration=to_svg(calibration(scores), css=True),
        by_column=to_svg(coverage_by_column(scores, strategy), css=True),
    )
