"""Aligns columns that have a clock of their own to the time stamps of a series."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from latentfill.core.messages import counted
from latentfill.core.series import BoolArray, FloatArray, IntArray, TimeArray
from latentfill.tables.time.grid import find_grid, step_text

LONGEST_HOLE = 1.5  # steps of their clock between two values, across which a line is drawn


@dataclass(frozen=True, eq=False)
class Clock:
    """Time stamps in order, all different."""

    time: TimeArray  # (R,) datetime64[ns]

    @cached_property
    def step(self) -> int:
        """The usual distance between stamps, in nanoseconds: the median."""
        return int(np.median(np.diff(self.nanoseconds))) if len(self.time) > 1 else 0

    @property
    def nanoseconds(self) -> IntArray:
        """The stamps (R,) in nanoseconds since 1970."""
        return self.time.astype("datetime64[ns]").astype(np.int64)

    @property
    def step_text(self) -> str:
        """The step in words, such as `1 month`."""
        grid = find_grid(self.time)
        return step_text(np.timedelta64(self.step, "ns") if grid is None else grid.step)

    def matches(self, other: Clock) -> bool:
        """Whether both have the same step, and most stamps of this clock that lie within the other are stamps of it."""
        inside = self.time[(self.time >= other.time[0]) & (self.time <= other.time[-1])]
        return self.step == other.step and bool(2 * np.isin(inside, other.time).sum() > len(inside))


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """Columns at the time stamps of a series."""

    values: FloatArray  # (T, K), NaN where nothing is near enough
    how: str  # such as "mean of 6 steps"


def align(values: FloatArray, held: BoolArray, own: Clock, steps: Clock) -> Aligned:
    """The columns `values` (R, K) of the clock `own` at the stamps of the clock `steps`.

    With the same steps, values are matched exactly. With a finer step, a stamp gets the mean of all values that are
    nearest to it. With a coarser step, values lie on a line between two stamps, and columns that are `held` (K,) keep
    a value until their step is over.
    """
    if own.matches(steps):
        return Aligned(_matched(values, own, steps), "same steps")
    if own.step < steps.step:
        return Aligned(_means(values, own, steps), f"mean of {counted(round(steps.step / own.step), 'step')}")
    aligned = np.empty((len(steps.time), values.shape[1]))
    aligned[:, held] = _held(values[:, held], own, steps)
    for column in np.flatnonzero(~held):
        aligned[:, column] = _on_line(values[:, column], own, steps)
    ways = {"interpolated from": ~held, "held for": held}
    return Aligned(aligned, ", ".join(f"{way} {own.step_text}" for way, columns in ways.items() if columns.any()))


def _matched(values: FloatArray, own: Clock, steps: Clock) -> FloatArray:
    """The values (T, K) at equal stamps."""
    at = np.minimum(np.searchsorted(own.time, steps.time), len(own.time) - 1)
    return np.where((own.time[at] == steps.time)[:, None], values[at], np.nan)


def _means(values: FloatArray, own: Clock, steps: Clock) -> FloatArray:
    """Means (T, K) of the values nearest to each stamp, from half a step before it up to half a step after it."""
    time, stamps = own.nanoseconds, steps.nanoseconds
    nearest = np.searchsorted(stamps[:-1] + np.diff(stamps) / 2, time, side="right")
    distance = 2 * (time - stamps[nearest])
    near = (distance >= -steps.step) & (distance < steps.step)
    total, count = np.zeros((len(stamps), values.shape[1])), np.zeros((len(stamps), values.shape[1]))
    np.add.at(total, nearest[near], np.nan_to_num(values[near]))
    np.add.at(count, nearest[near], ~np.isnan(values[near]))
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _on_line(values: FloatArray, own: Clock, steps: Clock) -> FloatArray:
    """One column (T,): on the line between two values, or else the value at most half a step away."""
    known, stamps = ~np.isnan(values), steps.nanoseconds
    time, values = own.nanoseconds[known], values[known]
    if not len(time):
        return np.full(len(stamps), np.nan)
    after = np.searchsorted(time, stamps)
    left, right = np.maximum(after - 1, 0), np.minimum(after, len(time) - 1)
    back, ahead = stamps - time[left], time[right] - stamps
    nearest = np.where(np.abs(back) < np.abs(ahead), left, right)
    edge = np.where(2 * np.abs(time[nearest] - stamps) <= own.step, values[nearest], np.nan)
    between = (left < right) & (back + ahead <= LONGEST_HOLE * own.step)
    line = values[left] + (values[right] - values[left]) * (back / np.maximum(back + ahead, 1))
    return np.where(between, line, edge)


def _held(values: FloatArray, own: Clock, steps: Clock) -> FloatArray:
    """The last values (T, K) at or before each stamp, less than one step old."""
    at = np.searchsorted(own.time, steps.time, side="right") - 1
    age = steps.nanoseconds - own.nanoseconds[at]
    return np.where(((at >= 0) & (age < own.step))[:, None], values[at], np.nan)
