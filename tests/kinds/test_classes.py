"""Flags, codes and labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.kinds.classes import MOST_COLUMNS, Classes
from latentfill.kinds.kind import CellValues, StepTimes

NAN = np.nan
Fill = Callable[..., CellValues]
CODES = np.array([10.0, 20.0, 90.0, 10.0, 20.0, 10.0])


def times(n: int) -> StepTimes:
    return StepTimes(np.arange(float(n)), np.arange(float(n)))


def test_each_class_has_a_working_column_and_two_share_one():
    kind = Classes.of(CODES)
    assert (kind.values, kind.width) == ((10.0, 20.0, 90.0), 3)
    working = kind.encode(np.array([20.0, NAN]), times(2))
    assert working[0].tolist() == [0, 1, 0]
    assert np.isnan(working[1]).all()
    flag = Classes.of(np.array([0.0, 1.0, 1.0]))
    assert flag.encode(np.array([0.0, 1.0]), times(2)).tolist() == [[0], [1]]


def test_a_cell_gets_the_most_probable_class_and_the_chance_that_it_is_wrong(fill: Fill):
    kind = Classes.of(np.tile(CODES, 50))
    cells = fill(kind, [10.0, NAN, NAN], [[1, 0, 0], [0.1, 0.2, 0.7], [0.94, 0.03, 0.03]])
    assert cells.value.tolist() == [90, 10]
    np.testing.assert_allclose(cells.expected, [0.3, 0.06], atol=0.01)
    assert (cells.lower.tolist(), cells.upper.tolist()) == ([10, 10], [90, 10])


def test_no_cell_is_surer_than_the_number_of_readings_can_tell(fill: Fill):
    assert fill(Classes.of(np.full(8, 4.0)), [4.0, NAN], [[1.0], [1.0]]).expected.tolist() == [0.1]
    cells = fill(Classes.of(np.tile(CODES, 3)), [10.0, NAN], [[1, 0, 0], [1, 0, 0]])
    assert cells.expected.tolist() == [0.05]


def test_samples_have_classes_as_often_as_they_are_probable(fill: Fill):
    scores = np.random.default_rng(0).normal(size=(4000, 1))
    cells = fill(Classes.of(CODES), [10.0, NAN], [[1, 0, 0], [0.1, 0.2, 0.7]], scores=scores)
    shares = [np.mean(cells.samples == code) for code in (10, 20, 90)]
    np.testing.assert_allclose(shares, [0.1, 0.2, 0.7], atol=0.03)


def test_probabilities_are_sharpened_as_hidden_cells_tell():
    rng = np.random.default_rng(1)
    kind = Classes(values=(0.0, 1.0))
    truth = (rng.random((500, 1)) < 0.5).astype(float)
    timid = 0.5 + 0.2 * (truth - 0.5)  # always right, and never sure
    assert kind.learnt(truth, timid).sharpness > 1.5
    bold = rng.random((500, 1)).round()  # right half the time, and always sure
    assert kind.learnt(truth, bold).sharpness < 0.5


def test_a_rare_class_is_filled_between_two_cells_of_it(fill: Fill):
    values = np.concatenate([np.repeat(np.arange(MOST_COLUMNS), 50), np.full(8, 77.0)]).astype(float)
    kind = Classes.of(values)
    assert kind.rare == (77.0,)
    gappy = values.copy()
    gappy[-4] = NAN
    cells = fill(kind, gappy, np.zeros((len(values), kind.width)))
    assert cells.value.tolist() == [77.0]


def test_a_single_class_is_filled_with_itself(fill: Fill):
    assert fill(Classes.of(np.array([4.0, 4.0])), [4.0, NAN], [[1.0], [1.0]]).value.tolist() == [4.0]


def test_errors_are_right_or_wrong():
    kind = Classes.of(CODES)
    truth = kind.encode(np.array([10.0, 20.0, NAN]), times(3))
    estimate = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [1.0, 0.0, 0.0]])
    assert kind.errors(truth, estimate)[:2].tolist() == [0, 1]
    assert np.isnan(kind.errors(truth, estimate)[2])
    assert kind.distance(np.array([10.0, 20.0]), np.array([10.0, 90.0])).tolist() == [0, 1]
    assert kind.spread(np.array([0.0, 1.0])) == pytest.approx(np.sqrt(0.5))


def test_a_cell_without_an_estimate_stays_empty(fill: Fill):
    assert np.isnan(fill(Classes.of(CODES), [10.0, NAN], [[1, 0, 0], [NAN, NAN, NAN]]).value).all()
