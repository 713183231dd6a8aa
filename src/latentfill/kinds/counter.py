"""Registers of meters, which only rise until they are reset: worked on as the increments between readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.kinds.kind import CellErrors, CellValues, Kind, Readings, StepTimes
from latentfill.kinds.number import Number


class _Register(NamedTuple):
    """A register of T steps, its lowest and highest possible values, and whether it only rises in the gap of a step."""

    value: FloatArray  # (T,)
    low: FloatArray  # (T,)
    high: FloatArray  # (T,)
    rises: BoolArray  # (T,)


@dataclass(frozen=True, slots=True)
class Counter(Kind):
    """A register that never falls, except where it is reset.

    The working column has the rate at each step: the increment since the step before, over the time between them. In a
    gap, the increments are scaled so that their sum is the difference of the readings on both sides; at a reset they
    are not scaled.
    """

    whole: bool = False  # whether readings are whole numbers

    @property
    def name(self) -> str:
        return "counter"

    def encode(self, values: FloatArray, times: StepTimes) -> FloatArray:
        rates = np.diff(values, prepend=np.nan) / _time_apart(times)
        risen = np.where(rates >= 0, rates, np.nan)  # what was counted before a reset is unknown
        return np.asarray(risen[:, None])

    def errors(self, truth: FloatArray, estimate: FloatArray) -> FloatArray:
        """The increments of a run sum to the known difference, so that the last reading after it has no error."""
        errors = np.full(len(truth), np.nan)
        hidden = ~np.isnan(truth[:, 0])
        for first, stop in _runs(hidden):
            increments = _scaled(estimate[first:stop, 0], float(truth[first:stop, 0].sum()))
            errors[first : stop - 1] = np.cumsum(truth[first:stop, 0] - increments)[:-1]
        return errors

    def fill(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        register = self._register(working[:, 0] * _time_apart(readings.times), readings.values)
        value, lowest, highest = (part[readings.step] for part in register[:3])
        lower, upper = (np.clip(value + end, lowest, highest) for end in (errors.below, errors.above))
        samples = np.clip(value + errors.drawn, lowest, highest)
        rising = register.rises[readings.step]
        for first, stop in _runs_of(readings.step):
            if rising[first]:
                samples[:, first:stop] = np.maximum.accumulate(samples[:, first:stop], axis=1)
        return CellValues(
            value=value,
            expected=np.where(lowest == highest, 0.0, errors.expected),
            lower=np.fmin(np.floor(lower) if self.whole else lower, value),
            upper=np.fmax(np.ceil(upper) if self.whole else upper, value),
            samples=self._rounded(samples),
        )

    def as_number(self, values: FloatArray) -> Number:
        return Number.of(values, whole=self.whole)

    def _register(self, increments: FloatArray, values: FloatArray) -> _Register:
        """The register with its gaps filled; one without any reading stays empty."""
        ends = np.full(len(values), np.inf)
        register = _Register(values.copy(), -ends, ends, np.ones(len(values), dtype=bool))
        for first, stop in _runs(np.isnan(values)) if not np.isnan(values).all() else ():
            before = float(values[first - 1]) if first > 0 else None
            after = float(values[stop]) if stop < len(values) else None
            steps, gap = np.maximum(increments[first : stop + 1], 0.0), slice(first, stop)
            filled, low, high = _in_gap(before, after, steps)
            register.value[gap] = np.clip(self._rounded(filled), low, high)
            register.low[gap], register.high[gap] = low, high
            register.rises[gap] = before is None or after is None or after >= before
        return register

    def _rounded(self, values: FloatArray) -> FloatArray:
        return np.round(values) if self.whole else values

    def spread(self, values: FloatArray) -> float:
        """Standard deviation of the increments."""
        known = values[~np.isnan(values)]
        steps = np.diff(known)
        return float(np.std(steps[steps >= 0])) if (steps >= 0).any() else 0.0


def _floor(value: float) -> float:
    """Where a register starts: at zero, unless its readings are negative."""
    return min(0.0, value)


def _time_apart(times: StepTimes) -> FloatArray:
    """The time (T,) from the step before each step, in usual spacings."""
    return np.maximum(np.diff(times.position, prepend=times.position[:1] - 1), 1e-9)


def _scaled(increments: FloatArray, total: float) -> FloatArray:
    """Increments, none of them negative, with this sum; equal ones if all are zero."""
    positive = np.maximum(increments, 0.0)
    known = positive.sum()
    if not known > 0:
        return np.full(len(positive), total / len(positive))
    return np.asarray(positive * (total / known))


def _in_gap(before: float | None, after: float | None, steps: FloatArray) -> tuple[FloatArray, float, float]:
    """The register in a gap between two readings, one of which may be missing, and its lowest and highest value.

    `steps` has the increments of the steps in the gap, and of the step of the reading after it.
    """
    start = min(0.0, *(reading for reading in (before, after) if reading is not None))  # where registers begin
    if before is None:
        assert after is not None
        return np.maximum(_back_from(after, steps), start), start, after
    if after is None:
        return before + np.cumsum(steps), before, np.inf
    if after >= before:
        return before + np.cumsum(_scaled(steps, after - before))[:-1], before, after
    back = _back_from(after, steps)
    return np.where(back >= start, back, before + np.cumsum(steps)[:-1]), start, np.inf


def _back_from(after: float, steps: FloatArray) -> FloatArray:
    """The register in a gap, counted back from the reading after it."""
    return np.asarray(after - np.cumsum(steps[::-1])[::-1][1:])


def _runs_of(step: IntArray) -> list[tuple[int, int]]:
    """First and stop index of each run of consecutive steps."""
    edges = np.flatnonzero(np.diff(step) > 1) + 1
    return list(zip([0, *edges.tolist()], [*edges.tolist(), len(step)], strict=True)) if len(step) else []


def _runs(mask: BoolArray) -> list[tuple[int, int]]:
    """First and stop index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
