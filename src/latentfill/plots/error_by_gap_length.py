"""Line chart of the error of strategies by the length of the gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from latentfill.plots.packages import check_installed
from latentfill.plots.score_rows import (
    YARDSTICK_NAMES,
    ScoreRow,
    as_scores,
    for_each_run,
    gap_text,
    ratio_metric,
    score_rows,
    strategies_of,
)
from latentfill.plots.theme import COLOURS, HEIGHT, SERIES, WIDTH, themed
from latentfill.scoring.scores import ALL, Score, yardstick_of
from latentfill.windows.gaps import BUCKET_NAMES

if TYPE_CHECKING:
    import altair

    from latentfill.plots.theme import Part


def error_by_gap_length(scores: object) -> altair.TopLevelMixin:
    """Squared error over that of the yardstick by gap length, with a line for each strategy.

    Parameters
    ----------
    scores
        What `latentfill.evaluate` returned. Each pattern and rate gets a chart.

    Returns
    -------
    An altair chart. Below 1, the dashed line, a strategy is better than linear interpolation (with ``causal``, than the
    last observation).
    """
    check_installed()
    return themed(for_each_run(as_scores(scores), _lines))


def _lines(scores: Sequence[Score]) -> Part:
    import altair as alt

    yardstick = yardstick_of(scores)
    rows = [row for row in score_rows(scores, ratio_metric(scores)) if row["column"] == ALL and row["gap"] != ALL]
    rows = [row for row in rows if row["strategy"] != yardstick and row["value"] > 0]  # the scale is logarithmic
    names = [name for name in strategies_of(scores) if name != yardstick]
    y = alt.Y(
        "value:Q",
        title=f"squared error / {YARDSTICK_NAMES[yardstick]}",
        scale=_scale(rows),
        axis=alt.Axis(tickCount=5),
    )
    base = alt.Chart(alt.InlineData([{**row, "about": _about(row)} for row in rows])).encode(
        x=alt.X("gap:N", sort=list(BUCKET_NAMES), title="length of the gap, steps", axis=alt.Axis(labelAngle=0)),
        y=y,
        color=alt.Color("strategy:N", title=None, scale=alt.Scale(domain=names, range=SERIES)),
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(description="about:N", tooltip="about:N")
    rule = alt.Chart(alt.InlineData([{"value": 1.0}])).mark_rule(strokeDash=[4, 4], color=COLOURS["muted"], aria=False)
    chart = alt.layer(rule.encode(y=y), base.mark_line(aria=False), points)
    return chart.properties(width=WIDTH, height=HEIGHT)


def _scale(rows: Sequence[ScoreRow]) -> altair.Scale:
    """A logarithmic scale that holds all values and 1."""
    import altair as alt

    values = [1.0, *(row["value"] for row in rows)]
    return alt.Scale(type="log", domain=[0.9 * min(values), 1.1 * max(values)], nice=False)


def _about(row: ScoreRow) -> str:
    return f"{row['strategy']}, {gap_text(row['gap'])}: {row['value']:.2f} ({row['counts']})"
