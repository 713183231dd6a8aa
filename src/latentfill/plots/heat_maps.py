"""Heat maps by column and gap length: the error of a strategy, and the coverage of its intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from latentfill.core.errors import InputError, did_you_mean
from latentfill.plots.packages import check_installed
from latentfill.plots.score_rows import (
    MOST_COLUMNS,
    YARDSTICK_NAMES,
    ScoreRow,
    as_scores,
    columns_of,
    coverage_of,
    first_strategy,
    for_each_run,
    gap_text,
    nominal_of,
    ratio_metric,
    score_rows,
    strategies_of,
)
from latentfill.plots.theme import COLOURS, NAME_WIDTH, WIDTH, name_axis, themed
from latentfill.scoring.coverage import Coverage
from latentfill.scoring.scores import ALL, Score, yardstick_of
from latentfill.windows.gaps import BUCKET_NAMES

if TYPE_CHECKING:
    import altair

    from latentfill.plots.theme import Part

CELL = 26  # pixels, height of a row
STRONGEST = 0.65  # opacity of the strongest colour; the text above it stays readable
END_OF_SCALE = 10.0  # ratio of errors, or its inverse, with the strongest colour
SIGNS = {"too low": " ▾", "too high": " ▴", "": ""}  # of coverages that are clearly off


class Cell(TypedDict):
    """One cell of a heat map."""

    column: str
    gap: str
    text: str
    about: str  # on hover
    colour: str  # "better", "worse"
    opacity: float


def error_by_column(scores: object, strategy: str | None = None) -> altair.TopLevelMixin:
    """Heat map of a strategy's squared error over that of the yardstick, by column and gap length.

    Parameters
    ----------
    scores
        What `latentfill.evaluate` returned.
    strategy
        The first one if not given.

    Returns
    -------
    An altair chart. Blue cells are better than linear interpolation (with ``causal``, than the last observation),
    orange ones worse. Of more than 60 columns, the first 60 are shown.
    """
    check_installed()
    known = as_scores(scores)
    name = _known_strategy(known, strategy)
    return themed(for_each_run(known, lambda run: _error_map(run, name)))


def coverage_by_column(scores: object, strategy: str | None = None) -> altair.TopLevelMixin:
    """Heat map of the coverage of a strategy's intervals, by column and gap length.

    Parameters
    ----------
    scores
        What `latentfill.evaluate` returned with ``intervals``.
    strategy
        The first one if not given.

    Returns
    -------
    An altair chart. Cells with a sign are clearly off, given their number of gaps: covered too rarely (▾) or too often
    (▴).
    """
    check_installed()
    known = as_scores(scores)
    name = _known_strategy(known, strategy)
    return themed(for_each_run(known, lambda run: _coverage_map(run, name)))


def _known_strategy(scores: Sequence[Score], strategy: str | None) -> str:
    names = strategies_of(scores)
    if strategy is not None and strategy not in names:
        raise InputError(did_you_mean("strategy", strategy, names))
    return strategy or first_strategy(scores)


def _error_map(scores: Sequence[Score], strategy: str) -> Part:
    title = f"{strategy}: squared error / {YARDSTICK_NAMES[yardstick_of(scores)]}"
    subtitle = "blue, below 1, is better; orange is worse"
    return _map(_error_cells(scores, strategy), columns_of(scores), title, subtitle)


def _coverage_map(scores: Sequence[Score], strategy: str) -> Part:
    title = f"{strategy}: coverage of {100 * nominal_of(scores):g} % intervals"
    return _map(_coverage_cells(scores, strategy), columns_of(scores), title, "clearly too low: ▾, too high: ▴")


def _error_cells(scores: Sequence[Score], strategy: str) -> list[Cell]:
    return [
        {
            "column": row["column"],
            "gap": row["gap"],
            "text": f"{row['value']:.2f}",
            "about": f"{row['column']}, {gap_text(row['gap'])}: {row['value']:.2f} ({row['counts']})",
            "colour": "better" if row["value"] < 1 else "worse",
            "opacity": _opacity(abs(math.log(max(row["value"], 1e-9))) / math.log(END_OF_SCALE)),
        }
        for row in _rows(scores, ratio_metric(scores), strategy)
    ]


def _coverage_cells(scores: Sequence[Score], strategy: str) -> list[Cell]:
    nominal = nominal_of(scores)
    return [_coverage_cell(row, coverage_of(row, nominal)) for row in _rows(scores, "coverage", strategy)]


def _coverage_cell(row: ScoreRow, coverage: Coverage) -> Cell:
    low, high = coverage.likely
    fault = f", {coverage.fault}" if coverage.fault else ""
    is_low = coverage.measured < coverage.nominal
    off = (coverage.nominal - coverage.measured) / coverage.nominal * (2.0 if is_low else -1.0)
    return {
        "column": row["column"],
        "gap": row["gap"],
        "text": f"{coverage.measured:.0%}{SIGNS[coverage.fault]}",
        "about": f"{row['column']}, {gap_text(row['gap'])}: {coverage.measured:.1%}, likely {low:.0%} to "
        f"{high:.0%}{fault} ({row['counts']})",
        "colour": "worse" if is_low else "better",
        "opacity": _opacity(off),
    }


def _rows(scores: Sequence[Score], metric: str, strategy: str) -> list[ScoreRow]:
    """The rows of one strategy by column and gap length, of the first columns."""
    columns = set(columns_of(scores)[:MOST_COLUMNS])
    rows = (row for row in score_rows(scores, metric) if row["strategy"] == strategy)
    return [row for row in rows if row["column"] in columns and row["gap"] != ALL]


def _opacity(strength: float) -> float:
    return round(STRONGEST * min(1.0, strength), 3)


def _map(cells: Sequence[Cell], columns: Sequence[str], title: str, subtitle: str) -> Part:
    import altair as alt

    columns = columns[:MOST_COLUMNS]
    base = alt.Chart(alt.InlineData(list(cells))).encode(
        x=alt.X("gap:N", sort=list(BUCKET_NAMES), title="length of the gap, steps", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("column:N", sort=list(columns), title=None, axis=name_axis()),
    )
    tiles = base.mark_rect().encode(
        color=alt.Color(
            "colour:N",
            scale=alt.Scale(domain=["better", "worse"], range=[COLOURS["better"], COLOURS["worse"]]),
            legend=None,
        ),
        opacity=alt.Opacity("opacity:Q", scale=None),
        description="about:N",
        tooltip=alt.Tooltip("about:N"),
    )
    texts = base.mark_text(aria=False).encode(text="text:N")
    size = {"width": WIDTH - NAME_WIDTH, "height": CELL * len(columns)}
    return alt.layer(tiles, texts).properties(title=alt.Title(title, subtitle=subtitle), **size)
