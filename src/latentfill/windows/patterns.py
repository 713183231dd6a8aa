"""Missing patterns by name: functions that choose the observed cells of a series to hide for scoring.

A pattern takes a random generator, the values (T, C) with NaN where missing, the share of the observed cells to hide,
and the length of the shortest cycle in steps (None if there is none). It returns the mask (T, C) of the cells to hide,
all of them observed. Names follow Rubin (1976) and TSI-Bench (Du et al., 2024).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import BoolArray, FloatArray
from latentfill.windows.gaps import interpolate
from latentfill.windows.hiding import SeriesHiding, hide_like_gaps, hide_points, log_uniform

BLOCK_STEPS = (2, 24)  # shortest and longest block; lengths are log-uniform
RUN_STEPS = (12, 96)  # shortest and longest subsequence; lengths are log-uniform
BLACKOUT_STEPS = (3, 48)  # shortest and longest blackout; lengths are log-uniform
SLOPE = 2.0  # log odds of being missing per standard deviation of the value on which they depend
MOST = 0.8  # largest share of a column's observed cells to hide
MOST_MISSES = 10_000  # hiding ends after this many rectangles that hide no cell

Pattern = Callable[[np.random.Generator, FloatArray, float, int | None], BoolArray]


def point(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Independent cells (missing completely at random)."""
    return _keep_enough(rng, hide_points(rng, ~np.isnan(values)[None], rate)[0], values)


def block(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Rectangles of several steps in adjacent columns."""
    return _rectangles(rng, values, rate, BLOCK_STEPS, lambda c: int(rng.integers(1, c + 1)))


def subsequence(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Long runs in single columns."""
    return _rectangles(rng, values, rate, RUN_STEPS, lambda c: 1)


def blackout(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Runs in all columns at once."""
    return _rectangles(rng, values, rate, BLACKOUT_STEPS, lambda c: c)


def like_gaps(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Gaps like those of the table: same lengths, same columns missing together, same time of day."""
    return hide_like_gaps(rng, ~np.isnan(values), rate, cycle=cycle)


def missing_at_random(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Cells whose probability of being missing grows with the value of another column, which loses no cells.

    In a series of one column, the probability follows a sine over the cycle, or over the whole series.
    """
    c = values.shape[1]
    standard = _standard(values)
    if c > 1:
        driver = int(rng.integers(c))
        others = np.where(np.arange(c) == driver, np.nan, values)
        share = rate * (~np.isnan(values)).sum() / max(1, (~np.isnan(others)).sum())
        return _keep_enough(rng, _by_chance(rng, others, min(share, 0.95), standard[:, [driver]]), values)
    phase = 2 * np.pi * np.arange(len(values)) / (cycle or len(values))
    return _keep_enough(rng, _by_chance(rng, values, rate, np.sqrt(2) * np.sin(phase)[:, None]), values)


def missing_not_at_random(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Cells whose probability of being missing grows with their own value."""
    return _keep_enough(rng, _by_chance(rng, values, rate, _standard(values)), values)


PATTERNS: dict[str, Pattern] = {}  # by name, in the order in which they are listed


def register(name: str, pattern: Pattern) -> None:
    """Add a pattern under a name; an `InputError` if the name is already in use."""
    if name in PATTERNS:
        raise InputError(f"there is a pattern {quoted(name)} already; choose another name.")
    PATTERNS[name] = pattern


register("point", point)
register("block", block)
register("subsequence", subsequence)
register("blackout", blackout)
register("like-gaps", like_gaps)
register("mcar", point)
register("mar", missing_at_random)
register("mnar", missing_not_at_random)


def _rectangles(
    rng: np.random.Generator, values: FloatArray, rate: float, steps: tuple[int, int], width: Callable[[int], int]
) -> BoolArray:
    """Rectangles until `rate` of the observed cells is hidden.

    Their length is log-uniform between the two numbers of `steps`; `width` returns the number of columns, given C.
    """
    observed = ~np.isnan(values)
    t, c = values.shape
    still_to_hide, misses = rate * observed.sum(), 0
    hiding = SeriesHiding(observed, np.floor(MOST * observed.sum(axis=0)).astype(np.int64))
    least, most = (min(bound, max(1, t // 4)) for bound in steps)
    while still_to_hide > 0 and misses < MOST_MISSES:
        length = least - 1 + int(log_uniform(rng, most - least + 1, ()))
        columns = min(c, width(c))
        start, left = int(rng.integers(t - length + 1)), int(rng.integers(c - columns + 1))
        newly_hidden = hiding.hide_rectangle(slice(start, start + length), slice(left, left + columns))
        still_to_hide -= newly_hidden
        misses += newly_hidden == 0
    return hiding.hidden


def _by_chance(rng: np.random.Generator, values: FloatArray, rate: float, driver: FloatArray) -> BoolArray:
    """`rate` of the observed cells, hidden with log odds linear in a standardised `driver` (T, C) or (T, 1)."""
    observed = ~np.isnan(values)
    log_odds = np.broadcast_to(SLOPE * driver, values.shape)
    low, high = -30.0, 30.0
    for _ in range(60):  # bisection for the intercept that gives the rate
        middle = (low + high) / 2
        share = (1 / (1 + np.exp(-(log_odds + middle))))[observed].mean() if observed.any() else 0.0
        low, high = (middle, high) if share < rate else (low, middle)
    probability = 1 / (1 + np.exp(-(log_odds + low)))
    return observed & (rng.random(values.shape) < probability)


def _standard(values: FloatArray) -> FloatArray:
    """Columns (T, C), interpolated in gaps, with mean 0 and standard deviation 1."""
    filled = np.nan_to_num(interpolate(values))
    spread = filled.std(axis=0)
    return np.asarray((filled - filled.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _keep_enough(rng: np.random.Generator, hidden: BoolArray, values: FloatArray) -> BoolArray:
    """The mask `hidden` without random cells of columns that would lose more than the share `MOST` of their cells."""
    most = np.floor(MOST * (~np.isnan(values)).sum(axis=0)).astype(np.int64)
    order = np.where(hidden, rng.random(hidden.shape), 2.0).argsort(axis=0).argsort(axis=0)
    return np.asarray(hidden & (order < most))
