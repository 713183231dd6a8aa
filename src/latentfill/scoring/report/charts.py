"""Charts of scores, as SVG drawings; needs the extra `report`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from latentfill.scoring.scores import ALL, Score, over_seeds
from latentfill.windows.gaps import BUCKET_NAMES

if TYPE_CHECKING:
    import altair

WIDTH = 640  # pixels
CELL = 26  # pixels that a row of a heat map takes
LONGEST_NAME = 200  # pixels that a column's name may take
LEAST_RATIO, MOST_RATIO = 0.1, 10.0  # ends of the colours of ratios
LEAST_COVERAGE = 0.5  # end of the colours of coverages


def ratio_by_gap(scores: Sequence[Score]) -> str:
    """Squared error as a ratio to linear interpolation's, by strategy and gap length, all columns together."""
    import altair as alt

    rows = [row for row in _rows(scores, "ratio_to_linear") if row["column"] == ALL and row["gap"] != ALL]
    points = _chart([row for row in rows if row["strategy"] != "linear"]).mark_line(point=True)
    lines = points.encode(
        x=alt.X("gap:N", sort=list(BUCKET_NAMES), title="length of the gap, steps", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:Q", title="ratio to linear interpolation", scale=alt.Scale(type="log")),
        color=alt.Color("strategy:N", title=None, sort=_in_turn(rows)),
    )
    rule = _chart([{"value": 1.0}]).mark_rule(strokeDash=[4, 4]).encode(y="value:Q")
    return _svg((lines + rule).properties(width=WIDTH, height=260))


def ratio_by_column(scores: Sequence[Score], strategy: str) -> str:
    """The same of one strategy, as a map of columns and gap lengths; blue is better than linear interpolation."""
    import altair as alt

    colour = alt.Scale(type="log", scheme="blueorange", domain=[LEAST_RATIO, MOST_RATIO], domainMid=1.0, clamp=True)
    return _heat_map(_rows(scores, "ratio_to_linear"), strategy, colour, ".2f")


def coverage_by_column(scores: Sequence[Score], strategy: str) -> str:
    """Share of the hidden cells that lie inside their interval, as a map of columns and gap lengths."""
    import altair as alt

    colour = alt.Scale(scheme="purples", domain=[LEAST_COVERAGE, 1.0], clamp=True)
    return _heat_map(_rows(scores, "coverage"), strategy, colour, ".0%")


def _heat_map(rows: list[dict[str, Any]], strategy: str, colour: altair.Scale, digits: str) -> str:
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


def _rows(scores: Sequence[Score], metric: str) -> list[dict[str, Any]]:
    """A metric's means over the seeds, with what they are of."""
    return [
        {"strategy": key.name, "column": key.column, "gap": key.gap, "value": found[metric].mean}
        for key, found in over_seeds(scores).items()
        if metric in found and found[metric].mean > 0
    ]


def _in_turn(rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["strategy"] for row in rows))


def _chart(rows: list[dict[str, Any]]) -> altair.Chart:
    import altair as alt

    return alt.Chart(alt.InlineData(rows))


def _svg(chart: Any) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(chart.to_json(validate=False)))
