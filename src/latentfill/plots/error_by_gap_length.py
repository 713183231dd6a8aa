"""Charts of scores as SVG text; they need the packages of the extra `report`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from latentfill.scoring.scores import ALL, PAST_YARDSTICK, YARDSTICK, Score, over_seeds, yardstick_of
from latentfill.windows.gaps import BUCKET_NAMES

if TYPE_CHECKING:
    import altair

YARDSTICK_NAMES = {YARDSTICK: "linear interpolation", PAST_YARDSTICK: "the last observation"}
WIDTH = 640  # pixels
CELL = 26  # pixels, height of a row of a heat map
LONGEST_NAME = 200  # pixels, width for the names of columns
LEAST_RATIO, MOST_RATIO = 0.1, 10.0  # ends of the colour scale of ratios
LEAST_COVERAGE = 0.5  # lower end of the colour scale of coverages


class ChartRow(TypedDict):
    """Mean over the seeds of one metric, for one strategy, column and gap length."""

    strategy: str
    column: str  # or ALL
    gap: str  # or ALL
    value: float


def ratio_by_gap(scores: Sequence[Score]) -> str:
    """Line chart of the ratio to the yardstick (of MSE) by gap length, with a line for each strategy."""
    import altair as alt

    yardstick = yardstick_of(scores)
    rows = [row for row in _rows(scores, f"ratio_to_{yardstick}") if row["column"] == ALL and row["gap"] != ALL]
    points = _chart([row for row in rows if row["strategy"] != yardstick]).mark_line(point=True)
    lines = points.encode(
        x=alt.X("gap:N", sort=list(BUCKET_NAMES), title="length of the gap, steps", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:Q", title=f"ratio to {YARDSTICK_NAMES[yardstick]}", scale=alt.Scale(type="log")),
        color=alt.Color("strategy:N", title=None, sort=_strategies(rows)),
    )
    rule = _chart([{"value": 1.0}]).mark_rule(strokeDash=[4, 4]).encode(y="value:Q")
    return _svg((lines + rule).properties(width=WIDTH, height=260))


def ratio_by_column(scores: Sequence[Score], strategy: str) -> str:
    """Heat map of one strategy's ratio to the yardstick (of MSE), by column and gap length.

    Blue is better than the yardstick, orange is worse.
    """
    import altair as alt

    colour = alt.Scale(type="log", scheme="blueorange", domain=[LEAST_RATIO, MOST_RATIO], domainMid=1.0, clamp=True)
    return _heat_map(_rows(scores, f"ratio_to_{yardstick_of(scores)}"), strategy, colour, ".2f")


def coverage_by_column(scores: Sequence[Score], strategy: str) -> str:
    """Heat map of the coverage of one strategy's intervals, by column and gap length."""
    import altair as alt

    colour = alt.Scale(scheme="purples", domain=[LEAST_COVERAGE, 1.0], clamp=True)
    return _heat_map(_rows(scores, "coverage"), strategy, colour, ".0%")


def _heat_map(rows: Sequence[ChartRow], strategy: str, colour: altair.Scale, digits: str) -> str:
    """Heat map of one strategy, by column and gap length, with the numbers formatted by `digits`."""
    import altair as alt

    rows = [row for row in rows if row["strategy"] == strategy and ALL not in (row["column"], row["gap"])]
    columns = list(dict.fromkeys(row["column"] for row in rows))
    base = _chart(rows).encode(
        x=alt.X("gap:N", sort=list(BUCKET_NAMES), title="length of the gap, steps", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("column:N", sort=columns, title=None, axis=alt.Axis(labelLimit=LONGEST_NAME)),
    )
    tiles = base.mark_rect().encode(color=alt.Color("value:Q", scale=colour, legend=None))
    text = alt.Text("value:Q", format=digits)
    halo = base.mark_text(stroke="white", strokeWidth=3).encode(text=text)
    chart = tiles + halo + base.mark_text().encode(text=text)
    return _svg(chart.properties(width=WIDTH - LONGEST_NAME, height=CELL * len(columns)))


def _rows(scores: Sequence[Score], metric: str) -> list[ChartRow]:
    """The positive means of a metric over the seeds; other means cannot be shown on a logarithmic scale."""
    return [
        {"strategy": key.name, "column": key.column, "gap": key.gap, "value": means[metric].mean}
        for key, means in over_seeds(scores).items()
        if metric in means and means[metric].mean > 0
    ]


def _strategies(rows: Sequence[ChartRow]) -> list[str]:
    """The strategies in the order of the rows."""
    return list(dict.fromkeys(row["strategy"] for row in rows))


def _chart(rows: Sequence[Mapping[str, object]]) -> altair.Chart:
    import altair as alt

    return alt.Chart(alt.InlineData(list(rows)))


def _svg(chart: altair.Chart | altair.LayerChart) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(chart.to_json(validate=False)))
