"""Readings out of order: where one column is never above another, as a minimum and a maximum, a few that are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.column_blocks import BLOCK_CELLS, square_blocks

FEWEST = 200  # steps at which both columns are read
RELATED = 0.5  # least correlation of two columns that have an order
NEAR = 0.1  # standard deviations, the smallest of both columns and their difference: nearer readings are nearly equal
FEWEST_NEAR = 20  # steps at which they are nearly equal: the order, not their distance, keeps them apart
MOST_CROSSED = 0.1  # of the nearly equal ones; without an order, more would be on the wrong side than nearly equal
MOST_READINGS = 0.002  # share of all
SAMPLE = 500  # steps that rule out most pairs of columns
SAMPLED = 0.15  # of a correlation, by which that of a sample may be smaller
MOST_IN_SAMPLE = 0.02  # share of them at which the order may be broken
CERTAINTY = 0.9
SLACK = 1 + 1e-9  # for sums in another order


def find_out_of_order(values: FloatArray, unusual: FloatArray) -> FloatArray:
    """The probability (T, C) that a reading breaks the order of two columns.

    Of the two readings, the one that is more `unusual` (T, C) among its own neighbours is doubted.
    """
    probability = np.zeros(values.shape)
    for low, high in _ordered(values):
        gap = values[:, high] - values[:, low]
        crossed = np.flatnonzero(gap < -_near(values[:, low], values[:, high]))
        wrong = np.where(unusual[crossed, low] > unusual[crossed, high], low, high)
        probability[crossed, wrong] = CERTAINTY
    return probability


def _ordered(values: FloatArray) -> Iterator[tuple[int, int]]:
    """Pairs of columns of which the first is not above the second."""
    for low, highs in _likely(values[:: max(1, len(values) // SAMPLE)]):
        for some in np.array_split(highs, -(-len(highs) * len(values) // BLOCK_CELLS) or 1):
            for high in some[_are_close(values[:, [low]], values[:, some])].tolist():
                known = ~np.isnan(values[:, low] + values[:, high])
                if known.sum() >= FEWEST and _are_ordered(values[known, low], values[known, high]):
                    yield low, high


def _likely(sample: FloatArray) -> Iterator[tuple[int, IntArray]]:
    """Columns with those (H,) above them in some steps (S, C) and hardly ever below; the others are not looked at."""
    usual = np.nan_to_num(sample - np.nanmean(sample, axis=0))
    usual /= np.maximum(np.sqrt((usual**2).sum(axis=0)), 1e-12)
    for columns in square_blocks(sample.shape[1]):
        related = usual[:, columns].T @ usual > RELATED - SAMPLED
        for low in range(columns.start, columns.stop):
            highs = np.flatnonzero(related[low - columns.start])
            own, others = sample[:, [low]], sample[:, highs]
            possible = (own < others).any(axis=0) & ((own > others).mean(axis=0) <= MOST_IN_SAMPLE)
            yield low, highs[possible]


def _are_close(low: FloatArray, highs: FloatArray) -> BoolArray:
    """Which columns (T, H) may have an order with a column (T, 1): nearly equal to it often enough.

    This is a part of what `_are_ordered` asks of a pair, for many at once.
    """
    gap = highs - low
    known = ~np.isnan(gap)
    n_known = np.maximum(known.sum(axis=0), 1)
    spreads = [_spread(np.where(known, each, 0.0), known, n_known) for each in (low, highs, gap)]
    nearest = NEAR * SLACK * np.minimum.reduce(spreads)
    return np.asarray(((gap >= 0) & (gap <= nearest)).sum(axis=0) >= FEWEST_NEAR)


def _spread(values: FloatArray, known: BoolArray, n_known: IntArray) -> FloatArray:
    """Standard deviation (H,) of columns (T, H) over known steps, which are 0 elsewhere."""
    centred = np.where(known, values - values.sum(axis=0) / n_known, 0.0)
    return np.asarray(np.sqrt((centred**2).sum(axis=0) / n_known))


def _are_ordered(low: FloatArray, high: FloatArray) -> bool:
    """Whether an order, and not only their distance, keeps two columns (T,) apart."""
    gap = high - low
    crossed = int((gap < 0).sum())
    if crossed > MOST_READINGS * len(gap) or not (nearest := _near(low, high)):
        return False
    near = int(((gap >= 0) & (gap <= nearest)).sum())
    is_bound = near >= FEWEST_NEAR and crossed <= MOST_CROSSED * near
    return bool(is_bound and np.corrcoef(low, high)[0, 1] >= RELATED)


def _near(low: FloatArray, high: FloatArray) -> float:
    """The distance of two columns (T,) up to which they are nearly equal."""
    return float(NEAR * min(np.nanstd(each) for each in (low, high, high - low)))
