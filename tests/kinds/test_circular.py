"""Values on a circle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.kinds.circular import Circular
from latentfill.kinds.kind import CellValues, StepTimes

NAN = np.nan
Fill = Callable[..., CellValues]


def on_circle(*degrees: float, period: float = 360.0) -> np.ndarray:
    angle = np.array(degrees) * 2 * np.pi / period
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def test_a_gap_around_north_is_filled_around_north(fill: Fill):
    mean = on_circle(350, 10).mean(axis=0)
    cells = fill(Circular(), [350, NAN, 10], np.stack([mean] * 3))
    assert min(cells.value[0], 360 - cells.value[0]) < 1e-9


def test_bounds_are_an_arc_that_may_pass_north(fill: Fill):
    kind = Circular()
    cells = fill(kind, [5.0, NAN], on_circle(0, 355), error=20.0)
    assert cells.lower[0] == pytest.approx(335)
    assert cells.upper[0] == pytest.approx(15)
    truth = np.array([340.0, 355.0, 10.0, 14.9, 16.0, 180.0, 330.0])
    covered = kind.covers(np.full(7, cells.lower[0]), np.full(7, cells.upper[0]), truth)
    assert covered.tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert kind.interval_width(cells.lower, cells.upper)[0] == pytest.approx(40)


def test_bounds_of_a_full_circle_hold_everything(fill: Fill):
    kind = Circular()
    cells = fill(kind, [5.0, NAN], on_circle(0, 355), error=300.0)
    assert (cells.lower[0], cells.upper[0]) == (0, 360)
    assert kind.covers(cells.lower, cells.upper, np.array([123.0]))[0] == 1
    assert kind.interval_width(cells.lower, cells.upper)[0] == 360
    assert cells.expected[0] == 90


@pytest.mark.parametrize(
    ("kind", "low", "high"), [(Circular(), 0, 360), (Circular(360, -180), -180, 180), (Circular(24), 0, 24)]
)
def test_values_bounds_and_samples_are_in_range(fill: Fill, kind: Circular, low: float, high: float):
    rng = np.random.default_rng(0)
    values = np.full(200, NAN)
    values[0] = low
    cells = fill(kind, values, rng.normal(size=(200, 2)), error=kind.period / 5)
    for part in (cells.value, cells.lower, cells.upper, cells.samples):
        assert ((part >= low) & (part <= high)).all()


def test_working_columns_and_back():
    for kind in (Circular(), Circular(360, -180), Circular(24)):
        values = np.linspace(kind.start, kind.start + kind.period, 50, endpoint=False)
        working = kind.encode(values, StepTimes(values, values))
        np.testing.assert_allclose(kind.errors(working, kind.encode(values + 1, StepTimes(values, values))), -1)


def test_errors_go_the_shorter_way():
    kind = Circular()
    assert kind.distance(np.array([10.0, 350.0]), np.array([350.0, 10.0])).tolist() == [20, -20]
    assert kind.errors(on_circle(359), on_circle(2))[0] == pytest.approx(-3)
    assert kind.spread(np.array([350.0, 10.0, NAN])) == pytest.approx(10)


def test_whole_degrees_stay_whole(fill: Fill):
    cells = fill(Circular(whole=True), [5.0, NAN, NAN], on_circle(0, 359.7, 12.4))
    assert cells.value.tolist() == [0, 12]
