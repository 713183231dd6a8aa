from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from latentfill.imputation.imputation import Imputation
from latentfill.plots.series_rows import ColumnCells, drawn_steps, rows_of

N = float("nan")


def cells(values: list[float], filled: str, **more: object) -> ColumnCells:
    """Cells at the times 0, 1, 2 ...; in `filled`, an x is a filled cell."""
    n = len(values)
    nothing = np.full(n, N)
    known: dict[str, object] = {
        "time": np.arange(n, dtype=float),
        "when": [f"step {i}" for i in range(n)],
        "values": np.array(values),
        "filled": np.array([letter == "x" for letter in filled]),
        "doubtful": nothing,
        "expected": nothing,
        "lower": nothing,
        "upper": nothing,
        "source": ["observed"] * n,
        "candidates": {},
    }
    return ColumnCells(**known | more)  # type: ignore[arg-type]


def field(rows: list[dict[str, object]], name: str) -> list[object]:
    return [row[name] for row in rows]


def test_the_line_of_readings_breaks_at_gaps_and_that_of_fills_joins_the_readings_beside_them():
    rows = rows_of(cells([1, 2, 3, 4, 5], "..x.."))
    assert field(rows, "observed") == [1, 2, None, 4, 5]
    assert field(rows, "filled") == [None, None, 3, None, None]
    assert field(rows, "path") == [None, 2, 3, 4, None]
    assert field(rows, "single") == [None] * 5


def test_a_reading_without_a_neighbour_is_a_point():
    rows = rows_of(cells([1, 2, 3, 4, 5], "x.xx."))
    assert field(rows, "single") == [None, 2, None, None, 5]


def test_an_empty_cell_breaks_all_lines():
    rows = rows_of(cells([1, 2, N, 4, 5], "....."))
    assert field(rows, "observed") == [1, 2, None, 4, 5]
    assert field(rows, "path") == [None] * 5


def test_the_band_ends_at_the_readings_beside_the_gap():
    bounds = {"lower": np.array([N, N, 2.5, N]), "upper": np.array([N, N, 3.5, N])}
    rows = rows_of(cells([1, 2, 3, 4], "..x.", **bounds))
    assert field(rows, "band_low") == [None, 2, 2.5, 4]
    assert field(rows, "band_high") == [None, 2, 3.5, 4]
    assert field(rows, "lower") == [None, None, 2.5, None]


def test_doubtful_readings_are_not_part_of_the_line():
    rows = rows_of(cells([1, 2, 99, 4, 5], ".....", doubtful=np.array([N, N, 99, N, N])))
    assert field(rows, "observed") == [1, 2, None, 4, 5]
    assert field(rows, "doubtful") == [None, None, 99, None, None]


def test_rows_far_apart_are_not_joined():
    rows = rows_of(cells([1, 2, 3, 4], "....", time=np.array([0.0, 1, 2, 30])))
    assert field(rows, "time") == [0, 1, 2, 16, 30]
    assert field(rows, "observed") == [1, 2, 3, None, 4]
    assert field(rows, "single") == [None, None, None, None, 4]


def test_candidates_have_a_field_each_that_begins_at_the_readings():
    rows = rows_of(cells([1, 2, 3, 4], "..x.", candidates={"kriging": np.array([N, N, 2.9, N])}))
    assert field(rows, "estimate_kriging") == [None, 2, 2.9, 4]


def test_few_steps_are_all_drawn_and_of_many_the_extremes(fill: Callable[..., Imputation]):
    values: list[float | None] = [float(i % 10) for i in range(5000)]
    values[1234], values[3210] = 77.0, -77.0
    values[2000:2300] = [None] * 300
    result = fill({"a": values})
    steps = np.arange(5000)
    assert drawn_steps(result, 0, steps[:2000]).tolist() == list(range(2000))
    drawn = drawn_steps(result, 0, steps)
    assert len(drawn) < 2000
    assert {1234, 3210} <= set(drawn.tolist())
    assert (np.diff(drawn) > 0).all()
    in_gap = drawn[(drawn >= 2000) & (drawn < 2300)]
    assert len(in_gap) > 40  # each bin of ten rows has fills


def test_cells_of_a_result_tell_where_their_value_comes_from(fill: Callable[..., Imputation]):
    result: Imputation = fill({"a": [1, 2, None, 4]})
    rows: Mapping[str, object] = rows_of(ColumnCells.of(result, 0, np.arange(4)))[2]
    assert rows["when"] == "2024-01-01 02:00"
    assert rows["filled"] == 3
    assert "linear" in str(rows["source"])


def test_a_reading_that_was_replaced_is_shown_as_it_was_read(fill: Callable[..., Imputation]):
    rng = np.random.default_rng(0)
    values = (10 + rng.normal(size=400)).tolist()
    values[200] = 1000.0
    result = fill({"a": values}, blank_doubtful=0.9)
    cells_of_a = ColumnCells.of(result, 0, np.arange(195, 205))
    assert cells_of_a.doubtful[5] == 1000
    assert cells_of_a.values[5] < 20
    assert "probably wrong" in cells_of_a.source[5]
