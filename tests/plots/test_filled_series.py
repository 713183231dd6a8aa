from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

from latentfill import plots
from latentfill.core.errors import InputError, UnknownColumnError
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer
from latentfill.plots.filled_series import SeriesLook, series_chart
from latentfill.plots.save import to_svg

N = None
Fill = Callable[..., Imputation]
LayerRows = Callable[[object], list[list[dict[str, Any]]]]


def legend(svg: str) -> set[str]:
    return {part for part in ("observed", "filled", "interval", "doubtful", "kriging") if f">{part}</text>" in svg}


def test_only_what_there_is_has_a_place_in_the_legend(fill: Fill):
    result = fill({"a": [1, 2, N, 4, 5, 6]})
    assert legend(to_svg(plots.filled_series(result, "a"))) == {"observed", "filled"}


def test_intervals_candidates_and_doubtful_readings_are_drawn(fill: Fill):
    rng = np.random.default_rng(1)
    values = (10 + rng.normal(size=400)).tolist()
    values[100:110], values[200] = [N] * 10, 1000.0
    result = fill({"a": values}, intervals=0.9)
    compared = replace(result.filled)
    object.__setattr__(result, "filled", With(compared, {"kriging": result.filled.values}))
    assert legend(to_svg(plots.filled_series(result, "a"))) == {"observed", "filled", "interval", "doubtful", "kriging"}


class With:
    """A filled series with the estimates of candidates."""

    def __init__(self, filled: object, candidates: dict[str, object]) -> None:
        self.filled, self.candidates = filled, candidates

    def __getattr__(self, name: str) -> object:
        return getattr(self.filled, name)


def test_a_reading_that_is_probably_wrong_does_not_stretch_the_axis(fill: Fill):
    rng = np.random.default_rng(2)
    values = (10 + rng.normal(size=400)).tolist()
    values[100], values[200] = N, 1000.0
    figure = plots.filled_series(fill({"a": values}), "a").to_dict()
    low, high = figure["layer"][1]["encoding"]["y"]["scale"]["domain"]
    assert 0 < low < 10 < high < 30


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        ("2024-01-01 02:00", "2024-01-01 05:00"),
        (2, 5),
        (pd.Timestamp("2024-01-01 02:00"), datetime(2024, 1, 1, 5)),
        (datetime(2024, 1, 1, 2, tzinfo=UTC), np.datetime64("2024-01-01T05")),
    ],
)
def test_a_part_goes_from_the_start_up_to_not_including_the_stop(
    fill: Fill, start: object, stop: object, layer_rows: LayerRows
):
    figure = plots.filled_series(fill({"a": [0, 1, N, 3, 4, 5, 6]}), "a", start, stop)
    assert [row["value"] for row in layer_rows(figure)[1]] == [2, 3, 4]


@pytest.mark.parametrize(
    ("start", "stop", "message"),
    [
        (
            "2030",
            None,
            "no row of the table lies between 2030 and None: it goes from 2024-01-01 to 2024-01-01 03:00",
        ),
        ("soon", None, "'soon' is not a time stamp such as '2024-03-01 12:00'"),
        (3, 3, "no row of the table lies between 3 and 3"),
    ],
)
def test_a_part_that_is_not_there_is_refused(fill: Fill, start: object, stop: object, message: str):
    with pytest.raises(InputError, match=message):
        plots.filled_series(fill({"a": [1, N, 3, 4]}), "a", start, stop)


def test_a_column_that_is_not_there_is_refused_with_those_that_are(fill: Fill):
    with pytest.raises(UnknownColumnError, match="unknown column 'tmp': did you mean 'temp'"):
        plots.filled_series(fill({"temp": [1, N, 3]}), "tmp")


def test_rows_without_time_stamps_are_numbered_from_0(layer_rows: LayerRows):
    frame = pd.DataFrame({"a": [1.0, N, 3.0, 4.0]})
    result = Imputer(strategy="linear", time=()).fit(frame).fill(frame)
    figure = plots.filled_series(result, "a", 1)
    assert [row["time"] for row in layer_rows(figure)[1]] == [1, 2, 3]
    assert "step" in to_svg(figure)
    with pytest.raises(InputError, match="the table has no time stamps: give the number of a step"):
        plots.filled_series(result, "a", "2024-01-01")


def test_an_arc_over_the_end_of_the_circle_is_drawn_in_two_parts():
    look = SeriesLook(title="wind", has_intervals=True, period=360.0, ends=(0.0, 360.0), is_stamped=False)
    row = {"time": 1, "value": 355, "filled": 355, "lower": 340, "upper": 10}
    svg = to_svg(series_chart(alt.InlineData([row]), look, hover=False))
    lengths = sorted(abs(float(y)) for y in re.findall(r'<line [^>]* y2="([^"]*)" stroke="#f2a97e"', svg))
    np.testing.assert_allclose(lengths, [260 * 10 / 360, 260 * 20 / 360], rtol=1e-3)  # 260 pixels are 360 degrees


def test_labels_are_shown_by_their_texts():
    label = 'a "quoted" <b>'
    frame = pd.DataFrame({"time": pd.date_range("2024", periods=20, freq="h"), "s": ["off", label] * 10})
    frame.loc[5, "s"] = None
    result = Imputer(strategy="linear", fill_text=True).fit(frame).fill(frame)
    svg = to_svg(plots.filled_series(result, "s"))
    assert ">a &quot;quoted&quot; &lt;b&gt;</text>" in svg or '>a "quoted" &lt;b&gt;</text>' in svg


def test_a_page_can_supply_the_rows_by_name():
    chart = series_chart(alt.NamedData("cells"), SeriesLook(title="a")).to_dict()
    assert all(layer["data"] == {"name": "cells"} for layer in chart["layer"][1:])  # after the legend


def test_hovering_tells_value_error_bounds_and_source(fill: Fill):
    result = fill({"a": [1.0, 2, N, 4, 5, 6] * 40}, intervals=0.9)
    hover = plots.filled_series(result, "a").to_dict()["layer"][-1]["encoding"]["tooltip"]
    assert [tip.get("title", tip["field"]) for tip in hover] == [
        *("time", "value", "expected error", "lower bound", "upper bound", "from")
    ]
    static = plots.filled_series(result, "a", hover=False).to_dict()["layer"]
    assert all("tooltip" not in layer["encoding"] for layer in static)
