"""Distributions given by their quantiles at fixed levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.imputation.validation.cells import Cells
from latentfill.windows.gaps import BUCKET_NAMES

LEVELS = np.linspace(0.0, 1.0, 201)  # probabilities at which quantiles are kept
PRIOR_CELLS = 20.0  # most cells that its column, and its gap length, add to the distribution of a group
ALL_CELLS = 5.0  # cells that all held-out cells together add to the distribution of each group


def quantile(tables: FloatArray, row: IntArray, level: FloatArray) -> FloatArray:
    """Quantiles (M,) at `level` (M,), interpolated linearly between `LEVELS`.

    The quantiles of G distributions are `tables` (G, len(LEVELS)); `row` (M,) says which of them to take.
    """
    place = np.clip(level, 0, 1) * (len(LEVELS) - 1)
    below = np.minimum(place.astype(np.int64), len(LEVELS) - 2)
    share = place - below
    return np.asarray((1 - share) * tables[row, below] + share * tables[row, below + 1])


def probability_below(tables: FloatArray, row: IntArray, value: FloatArray) -> FloatArray:
    """Probability (M,) of less than `value` (M,) in the distributions of `quantile`; ties count half."""
    less = _count_until(tables, row, lambda quantiles: quantiles < value)
    at_most = _count_until(tables, row, lambda quantiles: quantiles <= value)
    return np.asarray((less + at_most) / (2 * len(LEVELS)))


def _count_until(tables: FloatArray, row: IntArray, holds: Callable[[FloatArray], BoolArray]) -> IntArray:
    """Number of quantiles (M,) of each distribution for which `holds` is true: all up to one, found by bisection."""
    count = np.zeros(len(row), dtype=np.int64)
    for step in 2 ** np.arange(len(LEVELS).bit_length())[::-1]:
        next_count = count + step
        reached = holds(tables[row, np.minimum(next_count, len(LEVELS)) - 1]) & (next_count <= len(LEVELS))
        count = np.where(reached, next_count, count)
    return count


def continuous_ranked_probability(table: FloatArray, truth: FloatArray) -> FloatArray:
    """Continuous ranked probability score (M,) of distributions (M, len(LEVELS)): twice the mean pinball loss.

    Matheson and Winkler (1976); Laio and Tamea (2007) for the sum over quantiles. The pinball loss is zero at the
    levels 0 and 1, so these two are left out.
    """
    error = truth[:, None] - table[:, 1:-1]
    level = LEVELS[1:-1]
    return np.asarray(2 * np.mean(np.maximum(level * error, (level - 1) * error), axis=1))


def group_distributions(value: FloatArray, cells: Cells) -> tuple[FloatArray, FloatArray]:
    """Weighted quantiles (C, buckets, len(LEVELS)) and mean absolute values (C, buckets) of values (M,).

    In the group of a column and gap length, its own cells have weight one. Other cells of its column, other cells of
    its gap length and all further cells have smaller weights.
    """
    order = np.argsort(value, kind="stable")
    value, column, bucket = value[order], cells.column[order], cells.bucket[order]
    counts = np.bincount(column, minlength=cells.n_columns)
    in_columns = np.split(np.argsort(column, kind="stable"), np.cumsum(counts)[:-1])  # places in `value`, ascending
    quantiles = np.empty((cells.n_columns, len(BUCKET_NAMES), len(LEVELS)))
    mean_size = np.empty((cells.n_columns, len(BUCKET_NAMES)))
    for b in range(len(BUCKET_NAMES)):
        in_bucket = bucket == b
        others = _Weighted.of(value, ALL_CELLS / len(value) + _prior_weight(in_bucket.sum()) * in_bucket)
        quantiles[:, b], mean_size[:, b] = others.with_extra(in_columns[0][:0], np.zeros(0))
        for c in np.flatnonzero(counts):
            own = _prior_weight(counts[c]) + in_bucket[in_columns[c]]
            quantiles[c, b], mean_size[c, b] = others.with_extra(in_columns[c], own)
    return quantiles, mean_size


def _prior_weight(count: int) -> float:
    """Weight with which each of `count` cells enters a narrower group: 1, but `PRIOR_CELLS` at most in total."""
    return min(1.0, PRIOR_CELLS / max(count, 1))


@dataclass(frozen=True, slots=True, eq=False)
class _Weighted:
    """A sample of M weighted values, whose distribution with further weight on a few of them is quick to find."""

    value: FloatArray  # (M,) in ascending order
    middle: FloatArray  # (M,) weight of all smaller values plus half of the weight of each value
    total: float  # weight of all values
    size: float  # weighted sum of the absolute values

    @classmethod
    def of(cls, value: FloatArray, weight: FloatArray) -> _Weighted:
        """The sample of sorted values with these weights, all above 0."""
        total = np.cumsum(weight)
        return cls(value, total - weight / 2, float(total[-1]), float((weight * np.abs(value)).sum()))

    def with_extra(self, place: IntArray, extra: FloatArray) -> tuple[FloatArray, float]:
        """Quantiles (len(LEVELS),) and mean absolute value, with `extra` weight on the values at the sorted places.

        The result is that of the whole sample, but the time depends on the number of places, not on M: the weight of
        all smaller values is `middle` plus a sum of extra weights that changes only at the places.
        """
        until = np.concatenate([[0.0], np.cumsum(extra)])
        total = self.total + until[-1]
        place = np.concatenate([[-1], place, [len(self.value)]])  # with a place before and after all values
        at_place = np.concatenate([[-1.0], self.middle[place[1:-1]] + until[1:] - extra / 2, [total + 1.0]])
        target = LEVELS * total
        last = np.searchsorted(at_place, target, side="right") - 1  # last of the places that the target has passed
        left = np.searchsorted(self.middle, target - until[last], side="right") - 1
        left = np.clip(left, place[last], place[last + 1] - 1)
        low = np.where(left == place[last], at_place[last], self.middle[left] + until[last])
        right = np.minimum(left + 1, len(self.value) - 1)
        high = np.where(left + 1 == place[last + 1], at_place[last + 1], self.middle[right] + until[last])
        lower, upper = self.value[np.maximum(left, 0)], self.value[right]
        size = self.size + (extra * np.abs(self.value[place[1:-1]])).sum()
        return lower + (upper - lower) * (target - low) / (high - low), size / total
