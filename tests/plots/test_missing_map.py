from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from latentfill import plots
from latentfill.imputation.imputation import Imputation
from latentfill.plots.missing_map import most_missing, time_bins
from latentfill.plots.save import to_svg
from latentfill.plots.time_of_steps import TimeOfSteps

Fill = Callable[..., Imputation]
LayerRows = Callable[[object], list[list[dict[str, Any]]]]


def test_a_gap_is_one_tile_with_its_times_and_counts(fill: Fill, layer_rows: LayerRows):
    result = fill({"a": [1, None, None, 4, 5, 6], "b": [1, 2, 3, 4, 5, 6]})
    figure = plots.missingness(result)
    empty, cells = layer_rows(figure)
    assert empty == []
    (cell,) = cells
    assert cell["column"] == "a"
    assert cell["about"] == "a, 2024-01-01 01:00 to 2024-01-01 03:00: 2 of 2 missing"
    assert cell["opacity"] == 1
    assert figure.to_dict()["title"]["text"] == "2 of 12 cells missing (16.7 %)"


def test_many_rows_are_counted_in_bins(fill: Fill, layer_rows: LayerRows):
    values = [float(i) for i in range(1000)]
    values[500:503] = [None] * 3  # type: ignore[list-item]
    (cell,) = layer_rows(plots.missingness(fill({"a": values})))[1]
    assert cell["about"].endswith(": 3 of 5 missing")  # 1000 rows in 200 bins
    assert cell["opacity"] == round(0.15 + 0.85 * 0.6, 3)


def test_times_without_a_row_are_grey_and_their_cells_are_not_counted(fill: Fill, layer_rows: LayerRows):
    hours = [0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 22, 23]
    result = fill({"a": [1, None, *range(3, 13)]}, time=[f"2024-01-01 {hour:02}:00" for hour in hours])
    figure = plots.missingness(result)
    assert figure.to_dict()["title"]["text"] == "1 of 12 cells missing (8.3 %)"
    empty, cells = layer_rows(figure)
    assert len(cells) == 1
    assert len(empty) == 12  # the hours from 8 to 19


def test_of_many_columns_those_with_the_most_gaps_are_shown_in_their_order(fill: Fill, layer_rows: LayerRows):
    columns: dict[str, list[float | None]] = {f"c{i}": [1, 2, 3, 4, None] for i in range(300)}
    columns["c7"] = [1, 2, 3, None, None]
    columns["c299"] = [1, 2, None, None, None]
    figure = plots.missingness(fill(columns))
    shown = list(dict.fromkeys(cell["column"] for cell in layer_rows(figure)[1]))
    assert len(shown) == 60
    assert shown[-1] == "c299"
    assert shown[7] == "c7"
    title = figure.to_dict()["title"]
    assert title["subtitle"] == "the 60 columns with the most missing cells; 240 columns left out"
    assert title["text"] == "303 of 1500 cells missing (20.2 %)"


def test_the_columns_to_show():
    missing = np.array([[1, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]], dtype=bool)
    assert most_missing(missing, 2) == [2, 3]
    assert most_missing(missing, 9) == [0, 1, 2, 3]


def test_each_of_few_rows_has_a_bin_of_its_own():
    time = TimeOfSteps(np.arange(7) * 0.1, np.arange(7), False, "step")  # multiples of 0.1 are not exact
    edges, number = time_bins(time)
    assert number.tolist() == list(range(7))
    np.testing.assert_allclose(edges, np.arange(8) * 0.1)


def test_the_map_goes_from_the_first_to_the_last_row_whatever_is_missing(fill: Fill):
    scale = plots.missingness(fill({"a": [1, 2, None, 4]})).to_dict()["layer"][1]["encoding"]["x"]["scale"]
    first = 1704067200000  # 2024-01-01 in milliseconds
    assert scale["domain"] == [first, first + 4 * 3600_000]


def test_columns_without_a_gap_have_a_row_too(fill: Fill):
    svg = to_svg(plots.missingness(fill({"whole": [5, 2, 3], "gap": [1, None, 3]})))
    assert ">whole</text>" in svg


def test_the_ends_of_long_names_are_shown(fill: Fill):
    names = [f"the_very_long_name_of_the_sensor_number_{number}" for number in (72, 75)]
    svg = to_svg(plots.missingness(fill({name: [1, None, 3] for name in names})))
    assert ">the_very_long…sor_number_72</text>" in svg
    assert ">the_very_long…sor_number_75</text>" in svg
