"""Registers of meters, which only rise until they are reset: worked on as the increments between readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.kinds.kind import CellErrors, CellValues, Column, Kind, Readings, StepTimes, standard_deviation
from latentfill.kinds.number import Number

FEWEST_RESETS = 3  # from which on the time of the next ones is known
LEAST_AT_PHASE = 0.9  # share of the resets at the same step of a cycle, and of the cycles that have one there


class _Register(NamedTuple):
    """A register of T steps, its lowest and highest possible values, and whether it only rises in the gap of a step."""

    value: FloatArray  # (T,)
    other: FloatArray  # (T,) the value if the register was reset at another step of the gap; else the same
    low: FloatArray  # (T,)
    high: FloatArray  # (T,)
    rises: BoolArray  # (T,)


class _Gap(NamedTuple):
    """The register in a gap of n steps, or two where a reset is somewhere in it, and its lowest and highest value."""

    value: FloatArray  # (n,)
    other: FloatArray  # (n,)
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Counter(Kind):
    """A register that never falls, except where it is reset.

    The working column has the rate at each step: the increment since the step before, or since a reset between them,
    over the time between them. What was counted before a reset is unknown. In a
    gap, the increments are scaled so that their sum is the difference of the readings on both sides, or if the register
    is reset at the same time of each cycle, the reading after the gap. Where it is reset somewhere in a gap, they are
    not scaled, and the bounds hold the values before and after a reset.
    """

    whole: bool = False  # whether readings are whole numbers

    @property
    def name(self) -> str:
        return "counter"

    def encode(self, values: FloatArray, times: StepTimes) -> FloatArray:
        apart, falls = _time_apart(times), np.diff(values, prepend=np.nan) < 0
        rates = np.where(falls, np.nan, np.diff(values, prepend=np.nan)) / apart
        start = np.minimum(0.0, np.minimum.accumulate(np.where(falls, values, 0.0)))  # so far: see `Kind.encode`
        most = np.maximum.accumulate(np.nan_to_num(rates))
        since = (values - start) / apart
        return np.where(falls & (since <= most), since, rates)[:, None]

    def errors(self, truth: FloatArray, estimate: FloatArray, column: Column | None = None) -> FloatArray:
        """A reading is hidden if its rate is, and the next rate is hidden or missing too.

        Where rates are missing between hidden ones, their estimates are interpolated.
        """
        hidden = ~np.isnan(truth[:, 0])
        if not hidden.any():
            return np.full(len(truth), np.nan)
        readings, times = column or _cumulated(truth[:, 0])
        rates = self.encode(readings, times)[:, 0]
        next_is_visible = np.append((~np.isnan(rates) & ~hidden)[1:], False)
        lost = hidden & ~next_is_visible
        steps = np.arange(len(truth))
        filled = np.interp(steps, steps[hidden], estimate[hidden, 0]) * _time_apart(times)
        register = self._register(filled, np.where(lost, np.nan, readings), None)
        return np.where(lost & register.rises, readings - register.value, np.nan)

    def fill(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        increments = working[:, 0] * _time_apart(readings.times)
        register = self._register(increments, readings.values, readings.cycle)
        value, other, lowest, highest = (part[readings.step] for part in register[:4])
        ends = (np.fmin(value, other) + errors.below, np.fmax(value, other) + errors.above)
        lower, upper = (np.clip(end, lowest, highest) for end in ends)
        samples = np.clip(value + errors.drawn, lowest, highest)
        rising = register.rises[readings.step]
        for first, stop in _runs_of(readings.step):
            if rising[first]:
                samples[:, first:stop] = np.maximum.accumulate(samples[:, first:stop], axis=1)
        return CellValues(
            value=value,
            expected=np.where(lowest == highest, 0.0, np.fmax(errors.expected, np.abs(value - other) / 2)),
            lower=np.fmin(np.floor(lower) if self.whole else lower, value),
            upper=np.fmax(np.ceil(upper) if self.whole else upper, value),
            samples=self._rounded(samples),
        )

    def as_number(self, values: FloatArray) -> Number:
        return Number.of(values, whole=self.whole)

    def _register(self, increments: FloatArray, values: FloatArray, cycle: int | None) -> _Register:
        """The register with its gaps filled; one without any reading stays empty."""
        ends, resets = np.full(len(values), np.inf), _resets(values, cycle)
        register = _Register(values.copy(), values.copy(), -ends, ends, np.ones(len(values), dtype=bool))
        for first, stop in _runs(np.isnan(values)) if not np.isnan(values).all() else ():
            before = float(values[first - 1]) if first > 0 else None
            after = float(values[stop]) if stop < len(values) else None
            steps, gap = np.maximum(increments[first : stop + 1], 0.0), slice(first, stop)
            reset = np.flatnonzero(resets[first : stop + 1])
            filled = _between_resets(before, after, steps, reset) if len(reset) else _in_gap(before, after, steps)
            for part, each in ((register.value, filled.value), (register.other, filled.other)):
                part[gap] = np.clip(self._rounded(each), filled.low, filled.high)
            register.low[gap], register.high[gap] = filled.low, filled.high
            register.rises[gap] = not len(reset) and (before is None or after is None or after >= before)
        return register

    def _rounded(self, values: FloatArray) -> FloatArray:
        return np.round(values) if self.whole else values

    def spread(self, values: FloatArray) -> float:
        """Standard deviation of the increments."""
        known = values[~np.isnan(values)]
        steps = np.diff(known)
        return standard_deviation(steps[steps >= 0])


def _cumulated(rates: FloatArray) -> Column:
    """A register with these rates (T,), NaN where there is none; it stays as it is for the step after each run."""
    known = ~np.isnan(rates)
    beside = known.copy()
    beside[:-1] |= known[1:]
    beside[1:] |= known[:-1]
    steps = np.arange(len(rates), dtype=float)
    return Column(np.where(beside, np.cumsum(np.nan_to_num(rates)), np.nan), StepTimes(steps, steps))


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


def _in_gap(before: float | None, after: float | None, steps: FloatArray) -> _Gap:
    """The register in a gap between two readings, one of which may be missing, without a reset at a known step.

    `steps` has the increments of the steps in the gap, and of the step of the reading after it.
    """
    start = _start(before, after)
    if before is None:
        assert after is not None
        back = np.maximum(_back_from(after, steps), start)
        return _Gap(back, back, start, after)
    if after is None:
        on = before + np.cumsum(steps)
        return _Gap(on, on, before, np.inf)
    if after >= before:
        between = before + np.cumsum(_scaled(steps, after - before))[:-1]
        return _Gap(between, between, before, after)
    back, on = np.maximum(_back_from(after, steps), start), before + np.cumsum(steps)[:-1]
    is_after = back > start
    return _Gap(np.where(is_after, back, on), np.where(is_after, on, back), start, np.inf)


def _between_resets(before: float | None, after: float | None, steps: FloatArray, reset: IntArray) -> _Gap:
    """The register in a gap with resets before the steps `reset`; see `_in_gap`."""
    start = _start(before, after)
    increments = steps.copy()
    if after is not None:
        increments[reset[-1] :] = _scaled(steps[reset[-1] :], max(0.0, after - start))
    counted = np.cumsum(increments)
    since = np.zeros(len(steps))
    since[reset] = np.diff(counted[reset] - increments[reset], prepend=0.0)
    value = np.where(np.arange(len(steps)) < reset[0], start if before is None else before, start)
    value = (value + counted - np.cumsum(since))[: len(steps) - (after is not None)]
    return _Gap(value, value, start, np.inf)


def _start(before: float | None, after: float | None) -> float:
    """Where a register begins: at zero, unless a reading is negative."""
    return min(0.0, *(reading for reading in (before, after) if reading is not None))


def _resets(values: FloatArray, cycle: int | None) -> BoolArray:
    """The steps (T,) at which a register is reset, if that is at the same step of nearly each cycle; else none."""
    none = np.zeros(len(values), dtype=bool)
    falls = np.flatnonzero(np.diff(values, prepend=np.nan) < 0)
    if cycle is None or len(falls) < FEWEST_RESETS:
        return none
    phase = int(np.bincount(falls % cycle).argmax())
    at_phase = np.arange(len(values)) % cycle == phase
    counted = at_phase & (np.append(np.nan, values[:-1]) > _start(None, np.nanmin(values))) & ~np.isnan(values)
    is_common = min(np.mean(at_phase[falls]), np.isin(np.flatnonzero(counted), falls).mean()) >= LEAST_AT_PHASE
    return at_phase if is_common else none


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
