"""The figures of the gap explorer without their data, which the script of the page gives them.

`cells` are rows as `plots.series_rows.rows_of` makes them, with more fields for the tooltip: `until` (the time of the
next step), `reading`, `error` and `bounds` (texts), and `alone_NAME` for each candidate.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from latentfill.imputation.imputation import Imputation
from latentfill.plots.filled_series import STEPPED, SeriesLook, series_chart
from latentfill.plots.theme import COLOURS, HEIGHT, themed, with_css_colours
from latentfill.plots.time_of_steps import TimeOfSteps, time_axis

CELLS = "cells"  # name of the data
TIPS = {"when": "time", "reading": "value", "source": "from", "error": "expected error", "bounds": "interval"}


@dataclass(frozen=True, slots=True)
class SeriesFigures:
    """The figures of some columns; columns that look alike share one."""

    figures: tuple[dict[str, Any], ...]  # Vega-Lite
    of_column: dict[int, int]  # number of the figure by column

    @classmethod
    def of(cls, imputation: Imputation, columns: Iterable[int]) -> Self:
        """The figures of the columns at these positions."""
        looks = {c: _look(imputation, c) for c in columns}
        distinct = list(dict.fromkeys(looks.values()))
        return cls(tuple(map(_figure, distinct)), {c: distinct.index(look) for c, look in looks.items()})


@cache  # bundling takes longer than the rest of a page
def vega_scripts() -> str:
    """Vega, Vega-Lite and Vega-Embed as the text of one script, which needs no network."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _look(imputation: Imputation, c: int) -> SeriesLook:
    """The look of a column with all that any of its gaps may need."""
    time, series, filled = TimeOfSteps.of(imputation.table), imputation.table.series, imputation.filled
    columns: Any = imputation.summary["columns"]
    kind: str = columns[series.columns[c]]["kind"]
    period = float(kind.partition(":")[2]) if kind.startswith("circular:") else None
    return SeriesLook(
        title="",
        time_title=time.title,
        is_stamped=time.is_stamped,
        has_intervals=filled.lower is not None,
        has_doubt=True,
        candidates=tuple(filled.candidates or ()),
        is_stepped=kind in STEPPED,
        period=period,
        labels=series.labels.get(series.columns[c], ()),
        ends=None if period is None else (0.0, period),
    )


def _figure(look: SeriesLook) -> dict[str, Any]:
    """The figure of one look as JSON values, with colours that the page sets."""
    import altair as alt

    data = alt.NamedData(CELLS)
    tips = TIPS | {f"alone_{name}": f"{name} alone" for name in look.candidates}
    hover = (
        alt.Chart(data)
        .mark_rect(opacity=0, fill=COLOURS["muted"], aria=False)
        .encode(
            x=time_axis("time", look.time_title, is_stamped=look.is_stamped),
            x2="until",
            y=alt.value(0),
            y2=alt.value(HEIGHT),
            tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in tips.items()],
        )
    )
    fitted = alt.AutoSizeParams(type="fit", contains="padding")
    chart = alt.layer(series_chart(data, look, hover=False), hover)
    sized = chart.properties(width="container", height=HEIGHT, autosize=fitted)
    figure: dict[str, Any] = json.loads(with_css_colours(themed(sized).to_json(validate=False, indent=None)))
    for layer in figure["layer"]:
        for name in ("title", "width", "height"):
            layer.pop(name, None)
    return figure
