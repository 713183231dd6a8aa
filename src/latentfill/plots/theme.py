"""The theme of all figures: fonts, sizes and colours.

Figures have the plain colours of `COLOURS`. `with_css_colours` makes each of them a custom property of CSS with the
plain colour as its default, so that a page can choose its own, for example on a dark background:

- `--lf-ink`: text; `--lf-muted`: axes and their titles; `--lf-grid`: grid lines, and rows that are not in the file
- `--lf-observed`: readings; `--lf-filled`: filled and missing cells; `--lf-band`: intervals; `--lf-doubt`: doubtful
  readings
- `--lf-better`, `--lf-worse`: cells of heat maps, drawn with an opacity below the text
- `--lf-c1` to `--lf-c8`: strategies, in the order of a run

All colours can be told apart by readers who are colour-blind, and have a contrast of 3 or more to a white background
(those of the grid and of bands, which carry no meaning of their own, have less).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    import altair

    Figure = TypeVar("Figure", bound=altair.TopLevelMixin)
    Part: TypeAlias = altair.LayerChart | altair.FacetChart | altair.VConcatChart  # what figures are put together from

COLOURS: Final[Mapping[str, str]] = {  # each is used for one purpose, so that its text tells which
    "ink": "#1f2933",
    "muted": "#5b6670",
    "grid": "#dde2e7",
    "observed": "#3d6b99",
    "filled": "#d9480f",
    "band": "#f2a97e",
    "doubt": "#86319c",
    "better": "#2b6cb0",
    "worse": "#c2571a",
    "c1": "#0072b2",  # c1 to c6 after Okabe and Ito, darker where they would be too pale on white
    "c2": "#d55e00",
    "c3": "#00805f",
    "c4": "#b3608f",
    "c5": "#a67300",
    "c6": "#2a8fc7",
    "c7": "#6f58a8",
    "c8": "#737a80",
}
SERIES: Final = [COLOURS[f"c{number}"] for number in range(1, 9)]  # of strategies
FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"
WIDTH: Final = 680  # pixels, of the area that is drawn in
HEIGHT: Final = 260
NAME_WIDTH: Final = 200  # pixels for the names of columns
LONGEST_NAME: Final = 28  # letters of a name that fit in there; names often differ at their ends
_NAMES = {colour: name for name, colour in COLOURS.items()}
_COLOUR = re.compile("|".join(_NAMES))


def themed(chart: Figure) -> Figure:
    """The chart with this theme, for a chart that is not part of another one."""
    ink, muted, grid = (COLOURS[name] for name in ("ink", "muted", "grid"))
    configured: Figure = chart.configure(
        font=FONT,
        background="transparent",
        view={"stroke": None},
        axis={
            "labelColor": ink,
            "titleColor": muted,
            "gridColor": grid,
            "domainColor": muted,
            "tickColor": muted,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
        },
        legend={"symbolOpacity": 1, "labelColor": ink, "labelFontSize": 12, "titleColor": muted, "orient": "top"},
        header={"labelColor": ink, "titleColor": muted, "labelFontSize": 12},
        title={"color": ink, "subtitleColor": muted, "fontSize": 14, "subtitleFontSize": 12, "anchor": "start"},
        text={"color": ink, "fontSize": 12},
        range={"category": SERIES},
    )
    return configured


def name_axis() -> altair.Axis:
    """The axis of names of columns; of long ones, the middle is left out."""
    import altair as alt

    half = (LONGEST_NAME - 1) // 2
    short = f"slice(datum.label, 0, {half}) + '…' + slice(datum.label, -{half})"
    return alt.Axis(labelExpr=f"length(datum.label) > {LONGEST_NAME} ? {short} : datum.label", labelLimit=0)


def with_css_colours(text: str) -> str:
    """The SVG or Vega-Lite JSON of a figure with custom properties of CSS in place of its colours."""
    return _COLOUR.sub(lambda found: f"var(--lf-{_NAMES[found[0]]}, {found[0]})", text)
