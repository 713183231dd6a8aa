"""How often intervals hold the truth, beside how often they should, by gap length and by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from latentfill.plots.packages import check_installed
from latentfill.plots.score_rows import (
    MOST_COLUMNS,
    ScoreRow,
    as_scores,
    columns_of,
    coverage_of,
    for_each_run,
    nominal_of,
    score_rows,
    strategies_of,
)
from latentfill.plots.theme import COLOURS, NAME_WIDTH, SERIES, WIDTH, name_axis, themed
from latentfill.scoring.scores import ALL, Score
from latentfill.windows.gaps import BUCKET_NAMES

if TYPE_CHECKING:
    import altair

    from latentfill.plots.theme import Part

ROW = 16  # pixels for each strategy in a row


class Point(TypedDict):
    """The coverage of one group of cells."""

    strategy: str
    group: str  # gap length or column
    coverage: float
    low: float  # ends of the 95 % confidence interval
    high: float
    about: str  # on hover


def calibration(scores: object) -> altair.TopLevelMixin:
    """Coverage of the intervals by gap length and by column, beside the nominal coverage (the dashed line).

    Parameters
    ----------
    scores
        What `latentfill.evaluate` returned with ``intervals``.

    Returns
    -------
    An altair chart. Bars are 95 % confidence intervals of the coverage, for which each gap counts once. Of more than
    60 columns, the first 60 are shown.
    """
    check_installed()
    known = as_scores(scores)
    nominal_of(known)
    return themed(for_each_run(known, _panels))


def _panels(scores: Sequence[Score]) -> Part:
    import altair as alt

    nominal, rows = nominal_of(scores), score_rows(scores, "coverage")
    by_gap = [_point(row, row["gap"], nominal) for row in rows if row["column"] == ALL and row["gap"] != ALL]
    by_column = [_point(row, row["column"], nominal) for row in rows if row["gap"] == ALL and row["column"] != ALL]
    columns, names = columns_of(scores)[:MOST_COLUMNS], strategies_of(scores)
    by_column = [point for point in by_column if point["group"] in columns]
    return alt.vconcat(
        _panel(by_gap, list(BUCKET_NAMES), names, "length of the gap, steps", nominal),
        _panel(by_column, columns, names, "column", nominal),
        title=alt.Title(f"Coverage of {100 * nominal:g} % intervals", subtitle="bars: 95 % confidence intervals"),
    )


def _panel(points: Sequence[Point], groups: Sequence[str], names: Sequence[str], title: str, nominal: float) -> Part:
    """One row for each group that has points, with a point and a bar for each strategy."""
    import altair as alt

    present = [group for group in groups if any(point["group"] == group for point in points)]
    lowest = min([point["low"] for point in points], default=0.0)
    base = alt.Chart(alt.InlineData(list(points))).encode(
        y=alt.Y("group:N", sort=present, title=title, axis=name_axis()),
        yOffset=alt.YOffset("strategy:N", sort=list(names)),
        color=alt.Color("strategy:N", title=None, scale=alt.Scale(domain=list(names), range=SERIES)),
    )
    axis, scale = alt.Axis(format="~%", tickCount=5), alt.Scale(domain=[lowest, 1.0], nice=False)
    bars = base.mark_rule(strokeWidth=2, opacity=0.5, aria=False).encode(
        x=alt.X("low:Q", title="coverage", axis=axis, scale=scale), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=50, opacity=1).encode(
        x=alt.X("coverage:Q", title="coverage", axis=axis, scale=scale), description="about:N", tooltip="about:N"
    )
    line = alt.Chart(alt.InlineData([{"nominal": nominal}])).encode(
        x=alt.X("nominal:Q", title="coverage", axis=axis, scale=scale)
    )
    line = line.mark_rule(strokeDash=[4, 4], color=COLOURS["muted"], aria=False)
    return alt.layer(line, bars, dots).properties(
        width=WIDTH - NAME_WIDTH, height=max(1, len(present)) * (ROW * len(names) + 8)
    )


def _point(row: ScoreRow, group: str, nominal: float) -> Point:
    coverage = coverage_of(row, nominal)
    low, high = coverage.likely
    fault = f", {coverage.fault}" if coverage.fault else ""
    return {
        "strategy": row["strategy"],
        "group": group,
        "coverage": coverage.measured,
        "low": low,
        "high": high,
        "about": f"{row['strategy']}, {group}: {coverage.measured:.1%}, likely {low:.0%} to {high:.0%}{fault} "
        f"({row['counts']})",
    }
