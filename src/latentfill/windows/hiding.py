"""Hide observed cells on purpose: for training, early stopping and scoring.

The functions on windows take `observed` (B, L, C), True where a value is known, and return `hidden`, a subset of it.
All random numbers come from the generator that is passed in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.gaps import Gaps, find_gaps

LONGEST_RUN = 24  # steps of the runs that are hidden in a series without gaps
MOST_MISSES = 1000  # gaps drawn that hide nothing, after which no more are drawn


def hide_points(rng: np.random.Generator, observed: BoolArray, rate: FloatArray | float) -> BoolArray:
    """Independent cells, each hidden with the probability `rate`, one for all windows or one each (B,)."""
    chance = np.reshape(rate, (-1, 1, 1))
    drawn: BoolArray = rng.random(observed.shape, dtype=np.float32) < chance
    return observed & drawn


def hide_blackouts(rng: np.random.Generator, observed: BoolArray, lengths: IntArray) -> BoolArray:
    """One run of `lengths` (B,) consecutive steps in all columns of each window."""
    run: BoolArray = _runs(rng, observed.shape[1], lengths[:, None]).transpose(0, 2, 1)  # (B, L, 1)
    hidden: BoolArray = observed & run
    return hidden


def hide_runs(rng: np.random.Generator, observed: BoolArray, lengths: IntArray, share: FloatArray | float) -> BoolArray:
    """One run per column, of `lengths` (B, C) steps, in a `share` (B,) of the columns (at least one of each window)."""
    b, length, c = observed.shape
    order = rng.random((b, c)).argsort(axis=1)
    chosen = order < np.maximum(1, np.round(share * c))[:, None]
    runs: BoolArray = (_runs(rng, length, lengths) & chosen[:, :, None]).transpose(0, 2, 1)
    return observed & runs


def hide_like(rng: np.random.Generator, observed: BoolArray, patterns: BoolArray) -> BoolArray:
    """The cells that are missing in another window, whose observed mask is drawn from `patterns` (P, L, C)."""
    return observed & ~patterns[rng.integers(len(patterns), size=len(observed))]


def keep_some(hidden: BoolArray, observed: BoolArray) -> BoolArray:
    """`hidden`, but nothing in windows that would lose their last observed cell."""
    left = (observed & ~hidden).any(axis=(1, 2), keepdims=True)
    return hidden & left


# Shares of the training windows that get points, blackouts, runs and the file's own pattern.
MIXTURE = (0.4, 0.2, 0.2, 0.2)
MIXTURE_WITHOUT_OWN = (0.5, 0.25, 0.25, 0.0)


def hide_mixture(rng: np.random.Generator, observed: BoolArray, patterns: BoolArray) -> BoolArray:
    """Training masks of every pattern, so that one model serves them all: per window one of `MIXTURE`.

    `patterns` (P, L, C) are observed masks of windows with gaps; P may be 0. A third of the windows get scattered
    points on top of their pattern. Windows that would lose their last observed cell keep all of them.
    """
    b, length, c = observed.shape
    longest = max(1, int(0.75 * length))
    kind = rng.choice(np.arange(4), size=(b, 1, 1), p=MIXTURE if len(patterns) else MIXTURE_WITHOUT_OWN)
    points = hide_points(rng, observed, rng.uniform(0.05, 0.7, b))
    blackouts = hide_blackouts(rng, observed, log_uniform(rng, longest, (b,)))
    runs = hide_runs(rng, observed, log_uniform(rng, longest, (b, c)), rng.uniform(0, 1, b))
    own = hide_like(rng, observed, patterns) if len(patterns) else points
    hidden = np.choose(kind, [points, blackouts, runs, own])
    rate = np.where(rng.random(b) < 1 / 3, rng.uniform(0, 0.3, b), 0)
    return keep_some(hidden | hide_points(rng, observed, rate), observed)


def hide_like_gaps(
    rng: np.random.Generator, observed: BoolArray, rate: float, *, cycle: int | None = None
) -> BoolArray:
    """Cells (T, C) of a whole series, hidden in the pattern of the series' own gaps; `observed` is (T, C).

    Gaps are drawn at random, each with the cells of all columns that are missing during it, so that gaps that fall
    together stay together. Each is moved to a random time, with a `cycle` (steps) to the same phase of it, until `rate`
    of the observed cells is hidden or no place is left. No column loses more than three times `rate` of its cells, or
    its last one. Gaps longer than a tenth of the series are not drawn. A series without gaps gets runs of 1 to
    `LONGEST_RUN` steps in single columns, their lengths log-uniform.
    """
    gaps = _usable_gaps(observed)
    count = observed.sum(axis=0)
    room = np.minimum(np.ceil(3 * rate * count), np.maximum(count - 1, 0)).astype(np.int64)
    hiding = SeriesHiding(observed, room)
    wanted = round(rate * int(observed.sum()))
    misses = 0
    while wanted > 0 and misses < MOST_MISSES:
        drawn = _draw_gap(rng, observed, gaps)
        start = _draw_start(rng, drawn, len(observed), cycle)
        newly_hidden = hiding.hide(start, 0, drawn.pattern)
        wanted -= newly_hidden
        misses += newly_hidden == 0
    return hiding.hidden


class SeriesHiding:
    """Hides patterns of cells in a series (T, C), as long as every column has room for them."""

    def __init__(self, observed: BoolArray, room: IntArray) -> None:
        """`room` (C,): how many cells each column may lose."""
        self.observed = observed
        self.room = room.copy()
        self.hidden: BoolArray = np.zeros_like(observed)

    def hide(self, start: int, first_column: int, pattern: BoolArray) -> int:
        """Hide the observed cells of `pattern` (steps, columns), placed at this step and column; returns how many.

        A column that has no room for all of its cells keeps them.
        """
        steps, columns = pattern.shape
        place = (slice(start, start + steps), slice(first_column, first_column + columns))
        new = pattern & self.observed[place] & ~self.hidden[place]
        new &= new.sum(axis=0) <= self.room[place[1]]
        self.hidden[place] |= new
        self.room[place[1]] -= new.sum(axis=0)
        return int(new.sum())


class _DrawnGap(NamedTuple):
    pattern: BoolArray  # (steps, C), True where missing
    start: int | None  # its first step in the series; None if it is made up


def _usable_gaps(observed: BoolArray) -> Gaps:
    """The gaps that are no longer than a tenth of the series."""
    gaps = find_gaps(observed)
    short = gaps.length <= max(1, len(observed) // 10)
    return Gaps(gaps.column[short], gaps.start[short], gaps.length[short])


def _draw_gap(rng: np.random.Generator, observed: BoolArray, gaps: Gaps) -> _DrawnGap:
    n_steps, c = observed.shape
    if len(gaps.start):
        gap = rng.integers(len(gaps.start))
        start = int(gaps.start[gap])
        return _DrawnGap(~observed[start : start + gaps.length[gap]], start)
    length = min(int(log_uniform(rng, LONGEST_RUN, ())), n_steps - 1)
    return _DrawnGap(np.broadcast_to(np.arange(c) == rng.integers(c), (length, c)), None)


def _draw_start(rng: np.random.Generator, gap: _DrawnGap, n_steps: int, cycle: int | None) -> int:
    """A random first step for a gap; with a cycle, one at the same phase as the gap's own."""
    last = n_steps - len(gap.pattern)
    start = int(rng.integers(last + 1))
    if cycle and gap.start is not None and cycle <= last:
        start += (gap.start - start) % cycle
        start -= cycle if start > last else 0
    return start


def log_uniform(rng: np.random.Generator, longest: int, shape: tuple[int, ...]) -> IntArray:
    """Random whole numbers from 1 to `longest`, log-uniform: 1, 2-3 and 4-7 are equally likely."""
    return np.floor(np.exp(rng.uniform(0, np.log(longest + 1), shape))).astype(np.int64)


def _runs(rng: np.random.Generator, length: int, lengths: IntArray) -> BoolArray:
    """Masks (B, K, L) that are True on a run of `lengths` (B, K) steps at a random place of the window."""
    lengths = np.minimum(lengths, length)
    start = np.floor(rng.random(lengths.shape) * (length - lengths + 1)).astype(np.int64)
    step = np.arange(length)
    return (step >= start[..., None]) & (step < (start + lengths)[..., None])
