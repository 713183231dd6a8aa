"""Faults that are put into a real column: spikes, stuck runs and level shifts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from latentfill.core.series import BoolArray, FloatArray

SPIKES, SPIKE_SIZE = 0.001, (4, 10)  # share of the readings; standard deviations of the column
STUCK, STUCK_STEPS = 4, (12, 72)
SHIFTS, SHIFT_STEPS, SHIFT_SIZE = 3, (12, 120), (2, 5)
APART = 200  # steps between the starts of stuck runs, and of shifts

Fault = Callable[[np.random.Generator, FloatArray], tuple[FloatArray, BoolArray]]  # the column, and wrong readings


def spikes(rng: np.random.Generator, column: FloatArray) -> tuple[FloatArray, BoolArray]:
    """A column (T,) in which single readings are much too high or too low."""
    known = np.flatnonzero(~np.isnan(column))
    at = rng.choice(known, max(3, int(SPIKES * known.size)), replace=False)
    wrong, changed = np.zeros(len(column), dtype=bool), column.copy()
    wrong[at] = True
    changed[at] += _sign(rng, at.size) * rng.uniform(*SPIKE_SIZE, at.size) * np.nanstd(column)
    return changed, wrong


def stuck_runs(rng: np.random.Generator, column: FloatArray) -> tuple[FloatArray, BoolArray]:
    """A column (T,) in which a reading is repeated; where it would have stayed the same anyway, nothing is wrong."""
    changed, wrong = column.copy(), np.zeros(len(column), dtype=bool)
    for run in _runs(rng, column, STUCK, STUCK_STEPS):
        repeated = column[run.start - 1]
        if not np.isnan(repeated) and (column[run] - repeated)[~np.isnan(column[run])].any():
            changed[run] = np.where(np.isnan(column[run]), np.nan, repeated)
            wrong[run] = ~np.isnan(column[run])
    return changed, wrong


def level_shifts(rng: np.random.Generator, column: FloatArray) -> tuple[FloatArray, BoolArray]:
    """A column (T,) in which stretches are raised or lowered."""
    changed, wrong = column.copy(), np.zeros(len(column), dtype=bool)
    for run in _runs(rng, column, SHIFTS, SHIFT_STEPS):
        changed[run] += _sign(rng, 1) * rng.uniform(*SHIFT_SIZE) * np.nanstd(column)
        wrong[run] = ~np.isnan(column[run])
    return changed, wrong


def _runs(rng: np.random.Generator, column: FloatArray, number: int, steps: tuple[int, int]) -> list[slice]:
    """Random runs of steps that begin at known readings and do not overlap."""
    starts = list[int]()
    known = np.flatnonzero(~np.isnan(column[: -steps[1]]))[1:]
    for start in rng.permutation(known).tolist():
        if len(starts) < number and all(abs(start - other) >= APART for other in starts):
            starts.append(start)
    return [slice(start, start + int(rng.integers(steps[0], steps[1] + 1))) for start in starts]


def _sign(rng: np.random.Generator, size: int) -> FloatArray:
    return rng.choice([-1.0, 1.0], size)


FAULTS: Final[dict[str, Fault]] = {"spike": spikes, "stuck": stuck_runs, "shift": level_shifts}
