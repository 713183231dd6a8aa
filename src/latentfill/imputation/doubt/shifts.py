"""Level shifts: a stretch of readings that is raised or lowered as a whole, while the other columns are not."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.doubt.levels import without_cycle
from latentfill.imputation.doubt.neighbours import spread, unexplained
from latentfill.imputation.doubt.stretches import SHORTEST, Stretches, find_stretches
from latentfill.imputation.doubt.tails import probability_wrong
from latentfill.windows.gaps import interpolate

SMALLEST = 1.0  # standard deviation of the column, by which a stretch is shifted at least
ALIKE = 0.2  # share by which sizes, and lengths, of events that come again differ
MOST_ALIKE = 2  # shifts: what comes more often is no fault
MOST_SHIFTS = 6  # in a column: where there are more, it goes up and down by nature, as loads do
RANK = 20  # of the stretch that tells what is usual: larger ones may be wrong
FEWEST_RANK = 5
LEAST_USUAL = 0.1  # standard deviations, of that stretch


def find_shifts(values: FloatArray, cycle: int | None = None) -> FloatArray:
    """The probability (T, C) that a reading belongs to a shifted stretch; `cycle` is that of all columns, in steps."""
    probability = np.zeros(values.shape)
    own = without_cycle(interpolate(values), cycle)
    left = unexplained(own) * spread(own)
    missing = np.isnan(values)
    scale = np.nanstd(values, axis=0)
    for c in np.flatnonzero(~_are_at_rest(own) & (scale > 0)):  # squares of tiny values may vanish
        found = find_stretches(*(np.where(missing[:, c], np.nan, level[:, c] / scale[c]) for level in (own, left)))
        _add_shifts(probability[:, c], found, cycle)
    return np.where(missing, 0.0, probability)


def _are_at_rest(level: FloatArray) -> BoolArray:
    """Whether a column is mostly at one level, as rain at zero: what it does at times is no shift."""
    return np.asarray(np.median(np.abs(level - np.median(level, axis=0)), axis=0) == 0)


def _add_shifts(probability: FloatArray, found: Stretches, cycle: int | None) -> None:
    """Note the probability of each stretch of a column (T,) that may be a shift."""
    usual = found.apart(RANK).size
    blocks = found[found.is_block & (found.size >= SMALLEST)].apart(MOST_SHIFTS + 1)
    wrong = probability_wrong(_expected(blocks.size, usual, len(probability)))
    if (wrong >= 0.5).sum() > MOST_SHIFTS:
        return
    for start, stop, each, again in zip(blocks.start, blocks.stop, wrong, _come_again(blocks, cycle), strict=True):
        probability[start:stop] = 0.0 if again else each


def _come_again(blocks: Stretches, cycle: int | None) -> BoolArray:
    """Whether several stretches are alike: what comes again, as holidays do, is no fault.

    Of stretches of whole cycles, such as days, two are enough.
    """
    height, length = np.where(blocks.is_raised, blocks.size, -blocks.size), (blocks.stop - blocks.start).astype(float)
    alike = [np.abs(each[:, None] - each) <= ALIKE * np.abs(each) for each in (height, length)]
    again = alike[0] & alike[1]
    if cycle is None:
        return np.asarray(again.sum(axis=0) > MOST_ALIKE)
    at_same_time = (blocks.start[:, None] - blocks.start) % cycle == 0
    in_cycles = at_same_time & ((blocks.stop - blocks.start) % cycle == 0)
    return np.asarray((again.sum(axis=0) > MOST_ALIKE) | ((again & in_cycles).sum(axis=0) > 1))


def _expected(size: FloatArray, usual: FloatArray, n_steps: int) -> FloatArray:
    """How many stretches (N,) as large are expected by chance, given the largest sizes `usual` in decreasing order.

    The sizes of all stretches that fit into the series are taken to be exponential, through that of a rank that wrong
    ones leave alone.
    """
    possible = n_steps / SHORTEST
    rank = min(RANK, max(FEWEST_RANK, int(possible / 10)))
    unit = max(LEAST_USUAL, usual[rank - 1]) if len(usual) >= rank else LEAST_USUAL
    return np.asarray(rank * np.exp(-np.log(possible / rank) * (size / unit - 1)))
