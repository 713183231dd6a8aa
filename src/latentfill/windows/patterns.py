"""Missing patterns by name: ways to hide known cells of a whole series, so that what fills them can be scored.

Each takes a random generator, the values (T, C) with NaN where missing, the share of the observed cells to hide, and
the steps of the series' shortest cycle (None if it has none). It returns the hidden cells (T, C), all of them observed.
Names follow Rubin (1976) and TSI-Bench (Du et al., 2024).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import BoolArray, FloatArray
from latentfill.windows.gaps import interpolate
from latentfill.windows.hiding import SeriesHiding, hide_like_gaps, hide_points, log_uniform

BLOCK_STEPS = (2, 24)  # of a block, log-uniform
RUN_STEPS = (12, 96)  # of a subsequence, log-uniform
BLACKOUT_STEPS = (3, 48)  # of a blackout, log-uniform
SLOPE = 2.0  # log odds per standard deviation, where the probability to be missing depends on a value
MOST = 0.8  # share of a column's observed cells that may be hidden
TRIES = 10_000  # rectangles drawn at most

Pattern = Callable[[np.random.Generator, FloatArray, float, int | None], BoolArray]


def point(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Independent cells (missing completely at random)."""
    return _keep_enough(rng, hide_points(rng, ~np.isnan(values)[None], rate)[0], values)


def block(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Rectangles: some columns next to each other, for some steps."""
    return _rectangles(rng, values, rate, BLOCK_STEPS, lambda c: int(rng.integers(1, c + 1)))


def subsequence(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Long runs, each in one column."""
    return _rectangles(rng, values, rate, RUN_STEPS, lambda c: 1)


def blackout(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Runs in all columns at once."""
    return _rectangles(rng, values, rate, BLACKOUT_STEPS, lambda c: c)


def like_gaps(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """The file's own gaps: their lengths, which columns are missing together, and the time of day they begin at."""
    return hide_like_gaps(rng, ~np.isnan(values), rate, cycle=cycle)


def missing_at_random(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Cells whose probability to be missing grows with the value of another column, which keeps all of its cells.

    In a single column it follows a sine over the cycle, or over the whole series.
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
    """Cells whose probability to be missing grows with their own value."""
    return _keep_enough(rng, _by_chance(rng, values, rate, _standard(values)), values)


PATTERNS: dict[str, Pattern] = {}  # in the order in which names are listed


def register(name: str, pattern: Pattern) -> None:
    """Make a pattern known by its name; a name that is taken is refused."""
    if name in PATTERNS:
        raise InputError(f"there is a pattern {name!r} already; choose another name.")
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
    """Rectangles of `steps` (least and most, log-uniform) by `width(C)` columns, until `rate` is reached."""
    observed = ~np.isnan(values)
    t, c = values.shape
    wanted = rate * observed.sum()
    hiding = SeriesHiding(observed, np.floor(MOST * observed.sum(axis=0)).astype(np.int64))
    least, most = (min(bound, max(1, t // 4)) for bound in steps)
    for _ in range(TRIES):
        if hiding.hidden.sum() >= wanted:
            break
        length = least - 1 + int(log_uniform(rng, most - least + 1, ()))
        columns = min(c, width(c))
        start, left = int(rng.integers(t - length + 1)), int(rng.integers(c - columns + 1))
        hiding.hide(start, left, np.ones((length, columns), dtype=bool))
    return hiding.hidden


def _by_chance(rng: np.random.Generator, values: FloatArray, rate: float, driver: FloatArray) -> BoolArray:
    """`rate` of the observed cells, hidden with odds that grow with a standardised `driver` (T, C or 1)."""
    observed = ~np.isnan(values)
    steep = np.broadcast_to(SLOPE * driver, values.shape)
    low, high = -30.0, 30.0
    for _ in range(60):  # the intercept that gives the rate
        middle = (low + high) / 2
        share = (1 / (1 + np.exp(-(steep + middle))))[observed].mean() if observed.any() else 0.0
        low, high = (middle, high) if share < rate else (low, middle)
    chance = 1 / (1 + np.exp(-(steep + low)))
    return observed & (rng.random(values.shape) < chance)


def _standard(values: FloatArray) -> FloatArray:
    """Columns (T, C) in standard deviations from their means, gaps bridged by straight lines."""
    filled = np.nan_to_num(interpolate(values))
    spread = filled.std(axis=0)
    return np.asarray((filled - filled.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _keep_enough(rng: np.random.Generator, hidden: BoolArray, values: FloatArray) -> BoolArray:
    """`hidden`, with cells drawn to stay where a column would lose more than `MOST` of its observed ones."""
    most = np.floor(MOST * (~np.isnan(values)).sum(axis=0)).astype(np.int64)
    order = np.where(hidden, rng.random(hidden.shape), 2.0).argsort(axis=0).argsort(axis=0)
    return np.asarray(hidden & (order < most))
