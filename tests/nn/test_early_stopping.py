from __future__ import annotations

from collections.abc import Sequence

import pytest
from torch import nn

from latentfill.nn.early_stopping import EarlyStopping
from latentfill.nn.flat_weights import FlatWeights
from latentfill.nn.weight_average import WeightAverage


def stops(errors: Sequence[float], patience: int = 2) -> tuple[list[bool], EarlyStopping]:
    """Whether training stops after each of these errors; the weight is 0, 1, 2 ... when they are measured."""
    weights, left = FlatWeights(nn.Linear(1, 1, bias=False)), iter(errors)
    weights.values.zero_()
    stopping = EarlyStopping(WeightAverage(weights.values), lambda: next(left), patience)
    found = []
    for number in range(len(errors)):
        stopping.average.values.fill_(number)
        found.append(stopping.measure(weights))
    return found, stopping


def test_training_stops_after_patience_measurements_without_improvement():
    found, stopping = stops([3.0, 1.0, 2.0, 2.0])
    assert found == [False, False, False, True]
    assert (stopping.best, stopping.best_weights.item()) == (1, 1)


def test_an_equal_error_counts_as_an_improvement():
    found, stopping = stops([1.0, 1.0, 1.0, 1.0])
    assert not any(found)
    assert stopping.best == 3


def test_errors_that_are_not_a_number_are_never_the_best():
    found, stopping = stops([1.0, float("nan"), float("nan")])
    assert found == [False, False, True]
    assert (stopping.best, stopping.best_weights.item()) == (0, 0)


@pytest.mark.parametrize("value", [0.0, 4.0])
def test_without_an_error_training_never_stops_and_keeps_the_last_weights(value: float):
    weights = FlatWeights(nn.Linear(1, 1, bias=False))
    stopping = EarlyStopping(WeightAverage(weights.values), None, patience=1)
    stopping.average.values.fill_(value)
    assert not stopping.measure(weights)
    assert stopping.best_weights.item() == value
