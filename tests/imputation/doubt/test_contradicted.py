"""Readings that are usual for their column, but cannot be true beside the other columns."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray, Series
from latentfill.imputation.doubt import ordered
from latentfill.imputation.doubt.find import Doubt, Reason, find_doubt
from latentfill.imputation.doubt.neighbours import relations

N = 2000


def doubt_of(*columns: FloatArray) -> Doubt:
    names = tuple(f"c{number}" for number in range(len(columns)))
    return find_doubt(Series(np.stack(columns, axis=1), names, None, np.arange(N)))


def sisters(rng: np.random.Generator, number: int = 3) -> list[FloatArray]:
    """Sensors of one load that jumps all the time."""
    load = rng.normal(0, 10, N)
    return [load + rng.normal(0, 0.5, N) for _ in range(number)]


@pytest.mark.parametrize("seed", range(3))
def test_a_usual_reading_against_two_sisters_is_contradicted(seed: int):
    columns = sisters(np.random.default_rng(seed))
    at = int(np.flatnonzero(columns[0] > 12)[5])
    columns[0][at] = -8.0
    doubt = doubt_of(*columns)
    assert np.argwhere(doubt.wrong).tolist() == [[at, 0]]
    assert doubt.reason[at, 0] == Reason.CONTRADICTED


def test_a_sensor_that_stays_while_its_sisters_move_is_contradicted():
    columns = sisters(np.random.default_rng(4))
    at = int(np.flatnonzero(np.abs(np.diff(columns[1])) > 25)[3]) + 1
    columns[1][at] = columns[1][at - 1]
    assert np.argwhere(doubt_of(*columns).wrong).tolist() == [[at, 1]]


def test_with_one_sister_none_of_both_is_contradicted():
    columns = sisters(np.random.default_rng(5), number=2)
    at = int(np.flatnonzero(columns[0] > 12)[5])
    columns[0][at] = -8.0
    assert not doubt_of(*columns).wrong.any()


def test_sisters_that_are_right_are_believed():
    shares = [doubt_of(*sisters(np.random.default_rng(seed), number=4)).wrong.mean() for seed in range(10)]
    assert np.mean(shares) <= 0.0001


def minimum_and_maximum(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Of a temperature, often nearly equal."""
    mean = 10 * np.sin(np.arange(N) / 60) + rng.normal(0, 2, N)
    half = rng.exponential(2, N)
    return (mean - half).round(1), (mean + half).round(1)


@pytest.mark.parametrize("seed", range(5))
def test_a_minimum_above_the_maximum_is_contradicted(seed: int):
    low, high = minimum_and_maximum(np.random.default_rng(seed))
    low[700] = high[700] + 4
    doubt = doubt_of(low, high)
    contradicted = doubt.wrong & (doubt.reason == Reason.CONTRADICTED)
    assert np.flatnonzero(contradicted.any(axis=1)).tolist() == [700]


def test_columns_that_are_only_far_apart_have_no_order():
    rng = np.random.default_rng(2)
    level = np.cumsum(rng.normal(0, 1, N))
    below, above = level + rng.normal(0, 1, N), level + 4.0 + rng.normal(0, 1, N)
    assert (below > above).any(), "they cross now and then"
    assert Reason.CONTRADICTED not in doubt_of(below, above).reason


def test_relations_of_columns_are_their_correlations_around_zero():
    known = np.random.default_rng(0).normal(size=(50, 6))
    known[:, 1] += 2 * known[:, 0]
    size = np.linalg.norm(known, axis=0)
    expected = np.abs(known.T @ known) / size / size[:, None]
    np.fill_diagonal(expected, -1.0)
    rows = dict(relations(known))
    np.testing.assert_allclose([rows[c] for c in range(6)], expected)


def test_columns_that_may_have_an_order_are_found_as_one_by_one():
    rng = np.random.default_rng(1)
    low = np.cumsum(rng.normal(size=1000))
    highs = low[:, None] + np.abs(rng.normal(size=(1000, 4))) * [0.3, 0.3, 0.3, 0.0] + [0.0, 50.0, -50.0, 0.0]
    highs[::9, 0] = np.nan
    assert ordered._are_close(low[:, None], highs).tolist() == [True, False, False, True]
