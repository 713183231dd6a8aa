"""Stretches of a column between two opposite jumps, and how far they lie apart from what is on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray

SHORTEST = 12  # steps of a stretch
LONGEST = 200
LARGEST_SHARE = 0.05  # of the series, that a stretch may take
JUMPS = 0.06  # share of the steps, the largest ones, at which stretches begin and end
FEWEST_JUMPS = 20
BESIDE = 24  # steps on each side with which a stretch is compared
FEWEST = 6  # readings of a stretch and of each side

# Shapes of shifts of 2 to 5 standard deviations in real columns. Each limit is passed by nearly all of them, and was
# chosen on columns of ETTh1, Shunyi and Cambridge, where events that happen by nature fail at least one.
UNEQUAL = 1.5  # the larger jump, in units of the distance from both sides or of the smaller jump
DISTANT = 1.4  # the distance from both sides, in units of the smaller jump
UNEVEN = 0.3  # the standard deviation in a stretch, in units of its size
LEFT = 0.5  # the distance that other columns leave unexplained, in units of the whole
SLANTED = 0.4  # how far both sides differ, in units of the distance from them


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """N stretches of a column, the largest first."""

    start: IntArray  # (N,) first step
    stop: IntArray  # (N,) step after the last one
    size: FloatArray  # (N,) the smallest of the two jumps and of the distance from both sides, for each kind of level
    is_raised: BoolArray  # (N,) whether it lies above both sides
    is_block: BoolArray  # (N,) whether readings were raised or lowered as a whole: jumps and distance agree

    def __getitem__(self, chosen: IntArray | BoolArray) -> Stretches:
        return Stretches(*(getattr(self, field)[chosen] for field in self.__slots__))

    def apart(self, most: int) -> Stretches:
        """At most so many of them that share no step and no jump, the largest first."""
        taken, chosen = np.zeros(self.stop.max(initial=0) + 1, dtype=bool), list[int]()
        for number, (start, stop) in enumerate(zip(self.start.tolist(), self.stop.tolist(), strict=True)):
            if len(chosen) == most:
                break
            if not taken[start : stop + 1].any():
                taken[start : stop + 1] = True
                chosen.append(number)
        return self[np.array(chosen, dtype=np.int64)]


def find_stretches(own: FloatArray, unexplained: FloatArray) -> Stretches:
    """The stretches of a column whose size is positive.

    `own` (T,) is its level, `unexplained` (T,) what the other columns leave of it; both are NaN where missing.
    """
    jumps = _jumps(own), _jumps(unexplained)
    start, stop = _pairs(np.where(jumps[0] * jumps[1] > 0, np.sign(jumps[0]) * np.minimum(*np.abs(jumps)), 0.0))
    sides = [_Sides.of(level, start, stop) for level in (own, unexplained)]
    sign = np.sign(jumps[0][start])
    heights = np.abs([jump[step] for jump in jumps for step in (start, stop)])
    size = np.minimum(heights.min(axis=0, initial=np.inf), np.min([sign * each.apart for each in sides], axis=0))
    order = np.argsort(-size, kind="stable")
    order = order[(size[order] > 0) & sides[0].are_known[order]]
    is_left = np.abs(sides[1].apart) >= LEFT * np.abs(sides[0].apart)
    is_block = is_left & sides[1].are_usual & _are_blocks(heights[2:], sides[1], size)
    return Stretches(start, stop, size, sign > 0, is_block)[order]


def _jumps(level: FloatArray) -> FloatArray:
    """How far each reading lies from the one before, 0 where there is none."""
    known = np.flatnonzero(~np.isnan(level))
    jumps = np.zeros(len(level))
    jumps[known[1:]] = np.diff(level[known])
    return jumps


def _pairs(jumps: FloatArray) -> tuple[IntArray, IntArray]:
    """Start and stop of all stretches between opposite ones of the largest jumps."""
    n_steps = len(jumps)
    most = min(max(FEWEST_JUMPS, int(JUMPS * n_steps)), n_steps - 1)
    at = np.sort(np.argpartition(-np.abs(jumps), most)[:most])
    following = np.searchsorted(at, at + min(LONGEST, int(LARGEST_SHARE * n_steps)), "right") - np.arange(most) - 1
    first = np.repeat(np.arange(most), following)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(following) - following, following)
    start, stop = at[first], at[second]
    fits = (stop - start >= SHORTEST) & (jumps[start] * jumps[stop] < 0)
    return start[fits], stop[fits]


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """N stretches of a level compared with the steps before and after them."""

    apart: FloatArray  # (N,) mean in the stretch, without that of both sides
    are_usual: BoolArray  # (N,) whether both sides lie nearer to the usual level, zero, than the stretch
    slant: FloatArray  # (N,) how far both sides differ
    deviation: FloatArray  # (N,) standard deviation in the stretch
    are_known: BoolArray  # (N,) whether the stretch and both sides have enough readings

    @classmethod
    def of(cls, level: FloatArray, start: IntArray, stop: IntArray) -> Self:
        sums = _Sums(level)
        spans = (np.maximum(0, start - BESIDE), start), (start, stop), (stop, np.minimum(len(level), stop + BESIDE))
        before, inside, after = (sums.mean(*span) for span in spans)
        are_known = np.all([sums.count(*span) >= FEWEST for span in spans], axis=0)
        sides = (before + after) / 2
        are_usual = np.abs(sides) <= np.abs(inside)
        return cls(inside - sides, are_usual, np.abs(after - before), sums.deviation(start, stop), are_known)


class _Sums:
    """Running sums of a level (T,), NaN where missing, which give means of any steps."""

    def __init__(self, level: FloatArray) -> None:
        known = np.nan_to_num(level)
        self._sums = [np.concatenate([[0.0], np.cumsum(each)]) for each in (~np.isnan(level), known, known**2)]

    def count(self, start: IntArray, stop: IntArray) -> FloatArray:
        return np.asarray(self._sums[0][stop] - self._sums[0][start])

    def mean(self, start: IntArray, stop: IntArray, power: int = 1) -> FloatArray:
        total = self._sums[power][stop] - self._sums[power][start]
        return np.asarray(total / np.maximum(1.0, self.count(start, stop)))

    def deviation(self, start: IntArray, stop: IntArray) -> FloatArray:
        square = self.mean(start, stop, power=2) - self.mean(start, stop) ** 2
        return np.asarray(np.sqrt(np.maximum(0.0, square)))


def _are_blocks(heights: FloatArray, sides: _Sides, size: FloatArray) -> BoolArray:
    """Whether stretches (N,) with jumps of these `heights` (2, N) are raised or lowered as a whole."""
    smaller, larger = np.sort(heights, axis=0) if heights.size else heights
    distance = np.abs(sides.apart)
    is_equal = (larger <= UNEQUAL * np.maximum(smaller, distance)) & (distance <= DISTANT * smaller)
    return np.asarray(is_equal & (sides.deviation <= UNEVEN * size) & (sides.slant <= SLANTED * distance))
