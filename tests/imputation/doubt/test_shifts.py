"""Level shifts: where they begin and end, and what is none."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.imputation.doubt.levels import without_cycle
from latentfill.imputation.doubt.shifts import find_shifts
from latentfill.imputation.doubt.stretches import find_stretches

N = 2400
WRONG = 0.8


def noise(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(0, 1, N)


def runs(column: FloatArray) -> list[tuple[int, int]]:
    """First step and length of each run of steps that are probably shifted."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], column >= WRONG, [False]])))
    return list(zip(edges[::2].tolist(), np.diff(edges)[::2].tolist(), strict=True))


def test_a_stretch_has_the_size_of_its_jumps():
    level = np.zeros(1000)
    level[100:130] = 3.0
    found = find_stretches(level, level)
    assert (found.start[0], found.stop[0], found.size[0]) == (100, 130, 3.0)
    assert found.is_raised[0]
    assert found.is_block[0]


def test_a_slope_between_two_jumps_is_no_block():
    level = np.zeros(1000)
    level[100:130] = np.linspace(2.0, 6.0, 30)
    found = find_stretches(level, level)
    assert not found.is_block[(found.start == 100) & (found.stop == 130)].any()


@pytest.mark.parametrize("seed", range(5))
def test_shifts_are_found_from_their_first_step_to_their_last(seed: int):
    column = noise(seed)
    column[600:640] += 11
    column[1500:1600] -= 10
    assert runs(find_shifts(column[:, None])[:, 0]) == [(600, 40), (1500, 100)]


def test_what_lies_between_two_shifts_is_none():
    column = noise(1)
    column[600:640] += 10
    column[680:720] += 9
    assert runs(find_shifts(column[:, None])[:, 0]) == [(600, 40), (680, 40)]


def test_usual_readings_between_long_stretches_at_another_level_are_none():
    column = noise(1)
    column[600:850] += 10
    column[880:1130] += 10
    assert not find_shifts(column[:, None])[850:880].any()


def test_a_missing_reading_belongs_to_no_shift():
    column = noise(2)
    column[600:640] += 9
    column[610:613] = np.nan
    assert runs(find_shifts(column[:, None])[:, 0]) == [(600, 10), (613, 27)]


def test_other_columns_show_what_is_no_shift():
    shared = 3 * noise(3)
    shared[600:640] += 20
    columns = np.stack([shared + 0.3 * noise(4), shared + 0.3 * noise(5)], axis=1)
    assert not (find_shifts(columns) >= WRONG).any()
    columns[1200:1240, 0] += 20
    assert [runs(column) for column in find_shifts(columns).T] == [[(1200, 40)], []]


def test_the_usual_cycle_is_no_shift_and_hides_none():
    day = 8.0 * (np.arange(N) % 24 >= 12)
    column = day + noise(6)
    assert not (find_shifts(column[:, None], 24) >= WRONG).any()
    column[600:640] += 9
    assert runs(find_shifts(column[:, None], 24)[:, 0]) == [(600, 40)]


def test_a_level_without_its_cycle_is_flat():
    values = np.tile([1.0, 5.0, 2.0], 4)[:10, None]
    np.testing.assert_array_equal(without_cycle(values, 3), np.zeros((10, 1)))


@pytest.mark.parametrize(("first", "is_holiday"), [(240, True), (247, False)])
def test_two_days_that_are_raised_alike_are_holidays(first: int, is_holiday: bool):
    """Whole days at the same time of the day are; other stretches must come again more often."""
    column = noise(3) * 0.1 + np.sin(np.arange(N) / 24 * 2 * np.pi)
    for start in (first, 1200):
        column[start : start + 24] += 5

    assert (not runs(find_shifts(column[:, None], cycle=24)[:, 0])) == is_holiday
