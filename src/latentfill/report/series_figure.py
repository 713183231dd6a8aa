"""The figure of a stretch of a filled column, without its data, which the script of a page gives it.

`rows` has a row for each step: `time`, `until` (the time of the next step), `observed`, `value` (filled), `line` (the
same, with the readings beside a gap), `lower`, `upper`, `doubtful`, and texts for the tooltip. `lines` has the
candidates: `time`, `candidate`, `value`, `gap`.
"""

from __future__ import annotations

from typing import Literal

from latentfill.plots.theme import COLOURS, themed, with_css_colours

HEIGHT = 240  # pixels
STAMP = (  # the day at midnight, else the time of day
    "utcFormat(datum.value, utchours(datum.value) || utcminutes(datum.value) || utcseconds(datum.value) ? '%H:%M' : "
    "utcdate(datum.value) > 1 ? '%d %b' : utcmonth(datum.value) ? '%b' : '%Y')"
)
TIPS = {"when": "time", "reading": "value", "source": "from", "error": "expected error", "bounds": "interval"}


def series_figure(*, stamped: bool) -> str:
    """The figure as Vega-Lite JSON, with colours as custom properties of CSS; `stamped`: time is in milliseconds."""
    import altair as alt

    rows, lines = alt.NamedData("rows"), alt.NamedData("lines")
    kind: Literal["temporal", "quantitative"] = "temporal" if stamped else "quantitative"
    scale = alt.Scale(type="utc") if stamped else alt.Scale(zero=False, nice=False)
    axis = alt.Axis(labelExpr=STAMP) if stamped else alt.Axis()
    time = alt.X("time", type=kind, title=None if stamped else "step", scale=scale, axis=axis)
    level = alt.Scale(zero=False)
    base = alt.Chart(rows).encode(x=time)
    observed = base.encode(y=alt.Y("observed:Q", title=None, scale=level))
    filled = base.encode(y=alt.Y("value:Q", title=None, scale=level))
    candidates = (
        alt.Chart(lines)
        .mark_line(strokeWidth=1.2, point={"size": 16})
        .encode(
            x=time,
            y=alt.Y("value:Q", title=None, scale=level),
            color=alt.Color("candidate:N", title=None, legend=alt.Legend(orient="top")),
            detail="gap:N",
        )
    )
    tips = [alt.Tooltip(f"{field}:N", title=title) for field, title in TIPS.items()]
    hover = base.mark_rect(opacity=0, fill=COLOURS["muted"]).encode(
        x2="until", y=alt.value(0), y2=alt.value(HEIGHT), tooltip=tips
    )
    chart = alt.layer(
        base.mark_area(opacity=0.35, color=COLOURS["band"]).encode(
            y=alt.Y("lower:Q", title=None, scale=level), y2="upper:Q"
        ),
        observed.mark_line(strokeWidth=1.2, color=COLOURS["observed"]),
        observed.mark_circle(size=9, opacity=1, color=COLOURS["observed"]),
        candidates,
        base.encode(y=alt.Y("line:Q", title=None, scale=level)).mark_line(strokeWidth=1.6, color=COLOURS["filled"]),
        filled.mark_circle(size=12, opacity=1, color=COLOURS["filled"]),
        base.encode(y=alt.Y("doubtful:Q", title=None, scale=level)).mark_point(
            shape="cross", size=45, filled=True, opacity=1, color=COLOURS["doubt"]
        ),
        hover,
    )
    sized = chart.properties(
        width="container", height=HEIGHT, autosize=alt.AutoSizeParams(type="fit", contains="padding")
    )
    return with_css_colours(themed(sized).to_json(validate=False, indent=None))


def vega_scripts() -> str:
    """Vega, Vega-Lite and Vega-Embed as the text of one script, which needs no network."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
