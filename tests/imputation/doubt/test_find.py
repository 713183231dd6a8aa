"""Which readings are doubtful: injected faults are found, and what columns do by nature is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.core.series import FloatArray, Series
from latentfill.imputation.doubt.find import Reason, find_doubt

N = 3000
HOURS = np.arange(N)


def persistent(rng: np.random.Generator, share: float = 0.95, n: int = N) -> FloatArray:
    values = np.zeros(n)
    for step in range(1, n):
        values[step] = share * values[step - 1] + rng.normal()
    return values


def series(*columns: FloatArray, names: tuple[str, ...] = ()) -> Series:
    names = names or tuple(f"c{number}" for number in range(len(columns)))
    time = np.datetime64("2023-01-01", "ns") + HOURS[: len(columns[0])] * np.timedelta64(1, "h")
    return Series(np.stack(columns, axis=1), names, time, np.arange(len(columns[0])), np.timedelta64(1, "h"))


def temperature(rng: np.random.Generator) -> FloatArray:
    return (10 + 5 * np.sin(2 * np.pi * HOURS / 24) + persistent(rng)).round(1)


def load(rng: np.random.Generator) -> FloatArray:
    """On and off for hours, hundreds of times."""
    return (100 * (np.sin(2 * np.pi * HOURS / 9) > 0.2) + rng.normal(0, 1, N)).round(1)


def rain(rng: np.random.Generator) -> FloatArray:
    return (np.where(rng.random(N) < 0.05, rng.gamma(0.7, 4, N), 0)).round(1)


def prices(rng: np.random.Generator) -> FloatArray:
    """Heavy tails: a Student distribution with three degrees of freedom."""
    return 50 + 10 * np.sin(2 * np.pi * HOURS / 24) + 8 * rng.standard_t(3, N)


def slow(rng: np.random.Generator) -> FloatArray:
    """Whole numbers that change every few hours."""
    return np.repeat(np.cumsum(rng.integers(-1, 2, N // 5)), 5).astype(float)


def sunshine(rng: np.random.Generator) -> FloatArray:
    return np.maximum(0, 600 * np.sin(2 * np.pi * (HOURS - 6) / 24) * rng.uniform(0.2, 1, N)).round()


def humidity(rng: np.random.Generator) -> FloatArray:
    """Rests at its ceiling for hours."""
    return np.minimum(100, 85 + 12 * np.sin(2 * np.pi * HOURS / 24) + persistent(rng)).round()


def meter(rng: np.random.Generator) -> FloatArray:
    return 1000 + np.cumsum(rng.exponential(1.0, N) * (np.sin(2 * np.pi * HOURS / 24) > 0)).round(2)


def direction(rng: np.random.Generator) -> FloatArray:
    return (350 + 20 * persistent(rng, 0.9)).round() % 360


NATURAL = (temperature, load, rain, prices, slow, sunshine, humidity, meter, direction)


@pytest.mark.parametrize("make", NATURAL)
def test_what_a_column_does_by_nature_is_not_doubted(make: Callable[[np.random.Generator], FloatArray]):
    wrong = [
        find_doubt(series(make(np.random.default_rng(seed)), names=(make.__name__,))).wrong.mean() for seed in range(5)
    ]
    assert np.mean(wrong) <= 0.001


def scores(found: np.ndarray, injected: np.ndarray) -> tuple[float, float]:
    """Precision and recall."""
    right = (found & injected).sum()
    return right / max(1, found.sum()), right / injected.sum()


def pair(seed: int) -> tuple[FloatArray, FloatArray]:
    """Two related columns."""
    rng = np.random.default_rng(seed)
    first = temperature(rng)
    return first, 2 * first + rng.normal(0, 0.5, N)


@pytest.mark.parametrize("seed", range(3))
def test_spikes_are_found(seed: int):
    first, second = pair(seed)
    rng = np.random.default_rng(seed + 100)
    at = rng.choice(N, 8, replace=False)
    injected = np.zeros(N, dtype=bool)
    injected[at] = True
    first[at] += rng.choice([-1, 1], 8) * rng.uniform(4, 8, 8) * first.std()
    doubt = find_doubt(series(first, second))
    precision, recall = scores(doubt.wrong[:, 0], injected)
    assert precision >= 0.9
    assert recall >= 0.7
    assert (doubt.reason[injected & doubt.wrong[:, 0], 0] == Reason.SPIKE).all()
    assert not doubt.wrong[:, 1].any()


@pytest.mark.parametrize("seed", range(3))
def test_stuck_runs_are_found_but_their_first_reading(seed: int):
    first, second = pair(seed)
    injected = np.zeros(N, dtype=bool)
    for start, length in ((500, 40), (2000, 18)):
        usual = start + int(np.abs(first[start : start + 100] - np.median(first)).argmin())
        first[usual : usual + length] = first[usual]
        injected[usual + 1 : usual + length] = True
    doubt = find_doubt(series(first, second))
    precision, recall = scores(doubt.wrong[:, 0], injected)
    assert precision >= 0.9
    assert recall >= 0.7
    assert (doubt.reason[injected & doubt.wrong[:, 0], 0] == Reason.STUCK).all()


def test_level_shifts_are_found():
    found, injected = [], []
    for seed in range(5):
        first, second = pair(seed)
        shifted, spread = np.zeros(N, dtype=bool), first.std()
        for start, stop, size in ((700, 760, 4.0), (1900, 1930, -3.0)):
            first[start:stop] += size * spread
            shifted[start:stop] = True
        found.append(find_doubt(series(first, second)).wrong[:, 0])
        injected.append(shifted)
    precision, recall = scores(np.array(found), np.array(injected))
    assert precision >= 0.9
    assert recall >= 0.7


def test_a_jump_that_other_columns_make_too_is_believed():
    first, second = pair(0)
    first[1500] += 6 * first.std()
    alone = find_doubt(series(first, second)).probability[1500, 0]
    second[1500] += 6 * second.std()
    together = find_doubt(series(first, second)).probability[1500]
    assert alone > 0.9
    assert together.max() < 0.5


def test_a_value_of_another_order_of_magnitude_is_impossible():
    ones = np.ones(N)
    ones[700] = 1e12
    doubt = find_doubt(series(ones))
    assert np.flatnonzero(doubt.wrong[:, 0]).tolist() == [700]
    assert doubt.reason[700, 0] == Reason.IMPOSSIBLE


def test_events_that_come_again_are_believed():
    first, second = pair(3)
    size = 5 * first.std()
    for day in (20, 47, 81):
        first[24 * day : 24 * day + 24] += size
    assert find_doubt(series(first, second)).wrong.mean() <= 0.001


def test_a_permanent_change_of_level_is_no_doubt():
    first, second = pair(1)
    first[1500:] += 5 * first.std()
    assert find_doubt(series(first, second)).wrong.mean() <= 0.001


def test_short_columns_labels_and_missing_cells_are_not_judged():
    first, _ = pair(2)
    first[30] += 100
    assert not find_doubt(series(first[:100])).wrong.any()
    first[[31, 40]] = np.nan
    assert not find_doubt(series(first)).wrong[[31, 40]].any()
