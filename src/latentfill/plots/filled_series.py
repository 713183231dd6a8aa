"""One column of a filled table over time: readings, filled values, intervals and doubtful readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from latentfill.core.errors import UnknownColumnError, did_you_mean
from latentfill.imputation.imputation import Imputation
from latentfill.plots.packages import check_installed
from latentfill.plots.series_rows import ColumnCells, drawn_steps, rows_of
from latentfill.plots.theme import COLOURS, HEIGHT, SERIES, WIDTH, themed
from latentfill.plots.time_of_steps import TimeOfSteps, time_axis

if TYPE_CHECKING:
    import altair

    from latentfill.plots.theme import Part

MARGIN = 0.05  # of the range of the values, free above and below them
STEPPED = ("flag", "code", "text", "boolean")  # kinds whose values hold until the next one
PARTS = {"observed": "observed", "filled": "filled", "interval": "band", "doubtful": "doubt"}  # colour of each


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesLook:
    """How the figure of one column looks, apart from its cells."""

    title: str
    subtitle: str = ""
    time_title: str = "time"
    is_stamped: bool = True  # whether times are stamps and not numbers of steps
    has_intervals: bool = False
    has_doubt: bool = False
    candidates: tuple[str, ...] = ()  # names of the strategies whose own estimates are drawn
    is_stepped: bool = False  # whether values hold until the next one
    period: float | None = None  # of values on a circle, which no line joins
    labels: tuple[str, ...] = ()  # texts of the values 0, 1 ... of a column of labels
    ends: tuple[float, float] | None = None  # of the axis of values; values beyond are drawn at its ends

    @classmethod
    def of(cls, result: Imputation, column: str, cells: ColumnCells, n_steps: int) -> Self:
        """The look of a column with the cells that are drawn of `n_steps` rows."""
        time, series = TimeOfSteps.of(result.table), result.table.series
        kind = _kind(result, column)
        period = float(kind.partition(":")[2]) if kind.startswith("circular:") else None
        return cls(
            title=column,
            subtitle=_subtitle(cells, n_steps),
            time_title=time.title,
            is_stamped=time.is_stamped,
            has_intervals=result.filled.lower is not None and not np.isnan(cells.lower).all(),
            has_doubt=not np.isnan(cells.doubtful).all(),
            candidates=tuple(cells.candidates),
            is_stepped=kind in STEPPED,
            period=period,
            labels=series.labels.get(column, ()),
            ends=_ends(cells) if period is None else _circle(cells, period),
        )


def filled_series(
    result: Imputation, column: str, start: object = None, stop: object = None, *, hover: bool = True
) -> altair.TopLevelMixin:
    """One column over time: readings, filled values, their intervals, and readings that are probably wrong.

    Parameters
    ----------
    result
        What `latentfill.Imputer.fill` returned.
    column
        Name of the column.
    start, stop
        Time stamps, or numbers of steps from 0: the rows from `start` up to, not including, `stop`. All if not given.
    hover
        Whether hovering over a cell shows its value, expected error, bounds, and where it comes from.

    Returns
    -------
    An altair chart. Of more than about 2000 rows, the smallest and the largest reading and filled value of equal bins
    are drawn. Time stamps with a zone are shown in UTC.
    """
    check_installed()
    import altair as alt

    c = _position(result, column)
    steps = TimeOfSteps.of(result.table).within(start, stop)
    cells = ColumnCells.of(result, c, drawn_steps(result, c, steps))
    look = SeriesLook.of(result, column, cells, len(steps))
    return themed(series_chart(alt.InlineData(rows_of(cells)), look, hover=hover))


def series_chart(data: altair.InlineData | altair.NamedData, look: SeriesLook, *, hover: bool = True) -> Part:
    """The figure of rows as `rows_of` makes them; named data are supplied by the page that shows the figure."""
    import altair as alt

    base = alt.Chart(data).encode(x=time_axis("time", look.time_title, is_stamped=look.is_stamped))
    layers = [
        _legend(look),
        *(_band(base, look) if look.has_intervals else ()),
        *(_candidate(base, look, name) for name in look.candidates if look.period is None),
        *_readings(base, look),
        *_fills(base, look),
        *([_doubtful(base, look)] if look.has_doubt else ()),
        *([_hover(base, look)] if hover else ()),
    ]
    title = alt.Title(look.title, subtitle=look.subtitle) if look.subtitle else alt.Title(look.title)
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)


def _readings(base: altair.Chart, look: SeriesLook) -> list[altair.Chart]:
    """A line that breaks at gaps, and points for readings without a neighbour; on a circle only points."""
    points = base.mark_point(filled=True, size=12, opacity=1, aria=False)
    if look.period is not None:
        return [_coloured(points, look, "observed", "observed")]
    line = base.mark_line(strokeWidth=1.2, aria=False, interpolate=_interpolate(look))
    return [_coloured(line, look, "observed", "observed"), _coloured(points, look, "single", "observed")]


def _fills(base: altair.Chart, look: SeriesLook) -> list[altair.Chart]:
    """Points, and a line that joins them to the readings beside the gap."""
    points = _coloured(base.mark_point(filled=True, size=14, opacity=1, aria=False), look, "filled", "filled")
    if look.period is not None:
        return [points]
    line = base.mark_line(strokeWidth=1.4, aria=False, interpolate=_interpolate(look))
    return [_coloured(line, look, "path", "filled"), points]


def _band(base: altair.Chart, look: SeriesLook) -> list[altair.Chart]:
    """The intervals as an area; on a circle as a bar for each cell, two where it goes over the end of the circle."""
    import altair as alt

    if look.period is None:
        area = base.mark_area(opacity=0.45, aria=False, interpolate=_interpolate(look))
        return [_coloured(area, look, "band_low", "interval").encode(y2="band_high:Q")]
    low = 0.0 if look.ends is None else look.ends[0]
    bars = base.mark_rule(opacity=0.45, strokeWidth=2, aria=False)
    is_over = "datum.lower > datum.upper"
    over = bars.transform_calculate(end=str(low + look.period), begin=str(low)).transform_filter(is_over)
    return [
        _coloured(bars.transform_filter(f"!({is_over})"), look, "lower", "interval").encode(y2="upper:Q"),
        _coloured(over, look, "lower", "interval").encode(y2=alt.Y2("end:Q")),
        _coloured(over, look, "begin", "interval").encode(y2="upper:Q"),
    ]


def _candidate(base: altair.Chart, look: SeriesLook, name: str) -> altair.Chart:
    line = base.mark_line(strokeWidth=0.8, opacity=0.8, aria=False, interpolate=_interpolate(look))
    return _coloured(line, look, f"estimate_{name}", name)


def _doubtful(base: altair.Chart, look: SeriesLook) -> altair.Chart:
    crosses = base.mark_point(shape="cross", angle=45, size=60, filled=True, opacity=1, aria=False)
    return _coloured(crosses, look, "doubtful", "doubtful")


def _hover(base: altair.Chart, look: SeriesLook) -> altair.Chart:
    """Points that cannot be seen, with what is known of each cell."""
    import altair as alt

    points: altair.Chart = base.mark_point(opacity=0, size=80, aria=False)
    value = alt.Tooltip("value:Q", format=".5~g")
    if look.labels:
        points = points.transform_calculate(label=f"{_javascript(look.labels)}[datum.value]")
        value = alt.Tooltip("label:N", title="value")
    bounds = [alt.Tooltip(f"{side}:Q", title=f"{side} bound", format=".5~g") for side in ("lower", "upper")]
    tooltips = [
        alt.Tooltip("when:N", title="time"),
        value,
        alt.Tooltip("expected:Q", title="expected error", format=".3~g"),
        *(bounds if look.has_intervals else ()),
        alt.Tooltip("source:N", title="from"),
    ]
    hovered: altair.Chart = points.encode(y=_y(look, "value"), tooltip=tooltips)
    return hovered


def _coloured(chart: altair.Chart, look: SeriesLook, field: str, part: str) -> altair.Chart:
    """A chart of one field, in the colour of a part of the legend."""
    import altair as alt

    coloured: altair.Chart = chart.encode(y=_y(look, field), color=alt.datum(part))
    return coloured


def _legend(look: SeriesLook) -> altair.Chart:
    """Marks that cannot be seen, which give each part of the figure its colour and its place in the legend."""
    import altair as alt

    has = {"interval": look.has_intervals, "doubtful": look.has_doubt}
    colours = {part: COLOURS[name] for part, name in PARTS.items() if has.get(part, True)}
    colours |= {name: SERIES[number % len(SERIES)] for number, name in enumerate(look.candidates)}
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    marks = alt.Chart(alt.InlineData([{"part": part} for part in colours])).mark_point(opacity=0, aria=False)
    legend: altair.Chart = marks.encode(color=alt.Color("part:N", scale=scale, title=None))
    return legend


def _y(look: SeriesLook, field: str) -> altair.Y:
    """The channel y for a field of values."""
    import altair as alt

    scale = alt.Scale(zero=False) if look.ends is None else alt.Scale(domain=look.ends, clamp=True, nice=False)
    axis: Any = alt.Axis(tickMinStep=1) if look.is_stepped else alt.Undefined
    if look.labels:
        numbers = list(range(len(look.labels)))
        axis = alt.Axis(values=numbers, labelExpr=f"{_javascript(look.labels)}[datum.value]")
    return alt.Y(f"{field}:Q", title=None, scale=scale, axis=axis)


def _javascript(texts: Sequence[str]) -> str:
    """The texts as an array of the language of Vega."""
    import json

    return json.dumps(list(texts))


def _interpolate(look: SeriesLook) -> Any:
    return "step-after" if look.is_stepped or look.labels else "linear"


def _position(result: Imputation, column: str) -> int:
    names = result.table.series.columns
    if column not in names:
        raise UnknownColumnError(f"{did_you_mean('column', column, names)}.")
    return names.index(column)


def _kind(result: Imputation, column: str) -> str:
    columns: Any = result.summary.get("columns", {})
    return str(columns.get(column, {}).get("kind", ""))


def _subtitle(cells: ColumnCells, n_steps: int) -> str:
    drawn = "" if len(cells.time) == n_steps else "; the smallest and largest values of equal bins are drawn"
    return f"{cells.when[0]} to {cells.when[-1]}, {n_steps} rows{drawn}"


def _circle(cells: ColumnCells, period: float) -> tuple[float, float]:
    """The ends of the values on a circle, which is written from 0 or from minus half of its period."""
    low = -period / 2 if np.nanmin(cells.values, initial=0.0) < 0 else 0.0
    return low, low + period


def _ends(cells: ColumnCells) -> tuple[float, float] | None:
    """The ends of the axis: all values and bounds with a margin; readings that are probably wrong do not count."""
    values = np.where(np.isnan(cells.doubtful) | cells.filled, cells.values, np.nan)
    known = np.concatenate([each[np.isfinite(each)] for each in (values, cells.lower, cells.upper)])
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    margin = MARGIN * (high - low) or MARGIN * abs(high) or 1.0
    return low - margin, high + margin
