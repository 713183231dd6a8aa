"""Gaps (runs of missing cells), distances to the nearest observed cells, and linear interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.column_blocks import column_blocks

# Counts and scores are reported by gap length in these buckets: upper ends, the last bucket has none.
BUCKET_ENDS = (1, 3, 6, 24, 168)
BUCKET_NAMES = ("1", "2-3", "4-6", "7-24", "25-168", ">168")


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Runs of missing cells, one entry per run: its column, first step and length in steps."""

    column: IntArray  # (G,)
    start: IntArray  # (G,)
    length: IntArray  # (G,)


def find_gaps(observed: BoolArray) -> Gaps:
    """All runs of False in `observed` (T, C), ordered by column, then start."""
    edge = np.zeros((1, observed.shape[1]), dtype=np.int8)
    change = np.diff(np.concatenate([edge, (~observed).astype(np.int8), edge]), axis=0).T
    column, start = np.nonzero(change == 1)
    _, stop = np.nonzero(change == -1)
    return Gaps(column=column, start=start, length=stop - start)


def gap_lengths(observed: BoolArray) -> IntArray:
    """Length of the gap that each missing cell lies in, shape (T, C); 0 for observed cells."""
    lengths = np.empty(observed.shape, dtype=np.int64)
    for columns in column_blocks(observed.shape):
        before, after = distances(observed[:, columns])
        lengths[:, columns] = np.where(observed[:, columns], 0, before + after - 1)
    return lengths


def gap_numbers(observed: BoolArray) -> IntArray:
    """Number of the gap that each missing cell lies in, shape (T, C), in the order of `find_gaps`; -1 if observed."""
    first = ~observed
    first[1:] &= observed[:-1]
    number = np.cumsum(first.T.ravel()).reshape(observed.T.shape).T - 1
    return np.where(observed, -1, number)


def bucket_of(lengths: IntArray) -> IntArray:
    """Index into `BUCKET_NAMES` for each gap length of 1 or more."""
    return np.searchsorted(BUCKET_ENDS, lengths)


def distances(observed: BoolArray) -> tuple[IntArray, IntArray]:
    """Steps back and steps ahead to the nearest observed cell, each shaped like `observed` (..., L, C).

    0 for observed cells. If there is no observed cell on a side, the steps to the position just outside the array.
    """
    length = observed.shape[-2]
    step = np.arange(length)[:, None]
    last = np.maximum.accumulate(np.where(observed, step, -1), axis=-2)
    ahead = np.minimum.accumulate(np.where(observed, step, length)[..., ::-1, :], axis=-2)[..., ::-1, :]
    return step - last, ahead - step


@dataclass(frozen=True, slots=True, eq=False)
class NearestObserved:
    """For every cell, observed or not, the nearest other observed cells of its column; all (..., L, C)."""

    before: FloatArray  # value of the last observed cell before it, NaN if there is none
    after: FloatArray  # value of the first observed cell after it, NaN if there is none
    back: IntArray  # steps back to the cell of `before`, at least 1; to just outside the array if there is none
    ahead: IntArray  # steps ahead to the cell of `after`, at least 1; to just outside the array if there is none

    @property
    def flat(self) -> NearestObserved:
        """The same with arrays (T, C), the parts of a series one below the other."""
        shape = (-1, self.before.shape[-1])
        back, ahead = self.back.reshape(shape), self.ahead.reshape(shape)
        return NearestObserved(self.before.reshape(shape), self.after.reshape(shape), back, ahead)

    @property
    def line(self) -> FloatArray:
        """Linear interpolation from `before` and `after`; their value if only one is known, NaN if neither is."""
        line = self.before + (self.after - self.before) * (self.back / (self.back + self.ahead))
        return np.where(np.isnan(self.before), self.after, np.where(np.isnan(self.after), self.before, line))


def nearest_observed(values: FloatArray) -> NearestObserved:
    """The nearest observed cells before and after each cell of `values` (..., L, C); NaN means missing."""
    length = values.shape[-2]
    step = np.arange(length)[:, None]
    back, ahead = distances(~np.isnan(values))
    edge = np.full_like(back[..., :1, :], 1)
    back = np.concatenate([edge, back[..., :-1, :] + 1], axis=-2)
    ahead = np.concatenate([ahead[..., 1:, :] + 1, edge], axis=-2)
    left = np.take_along_axis(values, np.maximum(step - back, 0), axis=-2)
    right = np.take_along_axis(values, np.minimum(step + ahead, length - 1), axis=-2)
    before = np.where(back > step, np.nan, left)
    after = np.where(step + ahead >= length, np.nan, right)
    return NearestObserved(before, after, back, ahead)


def interpolate(values: FloatArray, position: FloatArray | None = None) -> FloatArray:
    """`values` (..., L, C) with linear interpolation in gaps; gaps at either end get the nearest observed value.

    `position` (..., L, 1) is the time of each step; without it, steps are equally far apart. A column without an
    observed cell stays NaN. The dtype is kept.
    """
    if values.ndim != 2:
        return _interpolate(values, position)
    line = np.empty(values.shape, values.dtype)
    for columns in column_blocks(values.shape):
        line[:, columns] = _interpolate(values[:, columns], position)
    return line


def _interpolate(values: FloatArray, position: FloatArray | None) -> FloatArray:
    observed = ~np.isnan(values)
    length = values.shape[-2]
    step = np.arange(length)[:, None]
    back, ahead = distances(observed)
    before, after = step - back, step + ahead
    left = np.take_along_axis(values, np.maximum(before, 0), axis=-2)
    right = np.take_along_axis(values, np.minimum(after, length - 1), axis=-2)
    if position is not None:
        place = np.broadcast_to(position, values.shape)
        ends = (np.take_along_axis(place, np.clip(at, 0, length - 1), axis=-2) for at in (before, after))
        back, ahead = (np.abs(place - end) for end in ends)
    share = (back / np.where(back + ahead > 0, back + ahead, 1)).astype(values.dtype)
    line = left + (right - left) * share
    line = np.where(before < 0, right, np.where(after >= length, left, line))
    return np.where(observed, values, line)
