"""Hides observed cells on purpose: for training, early stopping and scoring.

Functions on windows take the mask `observed` (B, L, C) and return the mask of the cells to hide, all of them observed.
All random numbers come from the generator that is passed in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.gaps import find_gaps

LONGEST_RUN = 24  # steps of the longest run that is hidden in a series without gaps
RUN_LENGTHS = np.arange(1, LONGEST_RUN + 1)
RUN_SHARES = RUN_LENGTHS**-2.0 / (RUN_LENGTHS**-2.0).sum()  # runs of 1, 2-3, 4-7, ... steps have as many cells each
MOST_MISSES = 1000  # hiding ends after this many drawn gaps that hide no cell


def hide_points(rng: np.random.Generator, observed: BoolArray, rate: FloatArray | float) -> BoolArray:
    """Independent cells, each hidden with probability `rate`: one number, or one per window (B,)."""
    probability = np.reshape(rate, (-1, 1, 1))
    drawn: BoolArray = rng.random(observed.shape, dtype=np.float32) < probability
    return observed & drawn


def hide_blackouts(rng: np.random.Generator, observed: BoolArray, lengths: IntArray) -> BoolArray:
    """One run of `lengths` (B,) consecutive steps in all columns of each window."""
    run: BoolArray = _runs(rng, observed.shape[1], lengths[:, None]).transpose(0, 2, 1)  # (B, L, 1)
    hidden: BoolArray = observed & run
    return hidden


def hide_runs(rng: np.random.Generator, observed: BoolArray, lengths: IntArray, share: FloatArray | float) -> BoolArray:
    """One run of `lengths` (B, C) steps in each of some columns: a `share` (B,) of all, but at least one per window."""
    b, length, c = observed.shape
    order = rng.random((b, c)).argsort(axis=1)
    chosen = order < np.maximum(1, np.round(share * c))[:, None]
    runs: BoolArray = (_runs(rng, length, lengths) & chosen[:, :, None]).transpose(0, 2, 1)
    return observed & runs


def hide_like(rng: np.random.Generator, observed: BoolArray, patterns: BoolArray) -> BoolArray:
    """The cells that are missing in other windows, drawn from `patterns` (P, L, C), masks of observed cells."""
    return observed & ~patterns[rng.integers(len(patterns), size=len(observed))]


def together(hidden: BoolArray, tied: IntArray | None) -> BoolArray:
    """The mask `hidden` (..., C) with `tied` columns hidden in the same cells as the first of them."""
    return hidden if tied is None else hidden[..., tied]


def keep_some(hidden: BoolArray, observed: BoolArray) -> BoolArray:
    """The mask `hidden` without the cells of windows that would lose all their observed cells."""
    keeps_a_cell = (observed & ~hidden).any(axis=(1, 2), keepdims=True)
    return hidden & keeps_a_cell


# Shares of the training windows that get points, blackouts, runs and the table's own pattern.
MIXTURE = (0.4, 0.2, 0.2, 0.2)
MIXTURE_WITHOUT_OWN = (0.5, 0.25, 0.25, 0.0)


def hide_mixture(rng: np.random.Generator, observed: BoolArray, patterns: BoolArray) -> BoolArray:
    """Training masks of all patterns, so that one model learns them all; each window gets a pattern of `MIXTURE`.

    `patterns` (P, L, C) are masks of observed cells of windows with gaps; P may be 0. In a third of the windows,
    independent cells are hidden too. Windows that would lose all their observed cells keep all of them.
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
    rng: np.random.Generator,
    observed: BoolArray,
    rate: float,
    *,
    cycle: int | None = None,
    padding: BoolArray | None = None,
) -> BoolArray:
    """Cells to hide in a whole series, in the pattern of its own gaps; `observed` and the result are masks (T, C).

    Gaps of the series are drawn at random and moved to a random time until `rate` of the observed cells is hidden, or
    `MOST_MISSES` gaps hide nothing. A drawn gap takes along what is missing in other columns during it. With a `cycle`
    (steps), a gap stays in the same phase. No column loses its last observed cell, or more than three times `rate` of
    its cells. Gaps longer than a tenth of the series are not drawn. A series without gaps gets runs of 1 to
    `LONGEST_RUN` steps in single columns, with the shares `RUN_SHARES`. Steps of `padding` (T,) are no gaps.
    """
    gaps = _OwnGaps(observed if padding is None else observed | padding[:, None])
    count = observed.sum(axis=0)
    most_hidden = np.minimum(np.ceil(3 * rate * count), np.maximum(count - 1, 0)).astype(np.int64)
    hiding = SeriesHiding(observed, most_hidden)
    still_to_hide = round(rate * int(observed.sum()))
    misses = 0
    while still_to_hide > 0 and misses < MOST_MISSES:
        gap = gaps.draw(rng)
        start = _draw_start(rng, gap, len(observed), cycle)
        newly_hidden = hiding.hide(start + gap.steps, gap.columns)
        still_to_hide -= newly_hidden
        misses += newly_hidden == 0
    return hiding.hidden


class SeriesHiding:
    """Hides cells of a series (T, C) and limits how many cells each column loses."""

    def __init__(self, observed: BoolArray, most_hidden: IntArray) -> None:
        """`most_hidden` (C,): the number of cells that each column may lose."""
        self.observed = observed
        self.remaining = most_hidden.copy()
        self.free = observed.copy()  # observed and not hidden
        self._count = np.zeros_like(most_hidden)  # of the cells to hide next; 0 between two calls

    @property
    def hidden(self) -> BoolArray:
        """The hidden cells (T, C)."""
        return self.observed & ~self.free

    def hide(self, steps: IntArray, columns: IntArray) -> int:
        """Hide the observed ones among some different cells, given by step and column; returns how many.

        A column that would lose more cells than it may is left out.
        """
        new = self.free[steps, columns]
        steps, columns = steps[new], columns[new]
        np.add.at(self._count, columns, 1)
        allowed = self._count[columns] <= self.remaining[columns]
        self._count[columns] = 0
        steps, columns = steps[allowed], columns[allowed]
        self.free[steps, columns] = False
        np.subtract.at(self.remaining, columns, 1)
        return len(steps)

    def hide_rectangle(self, steps: slice, columns: slice) -> int:
        """Like `hide`, for all cells in a range of steps and columns."""
        new = self.free[steps, columns]
        counts = new.sum(axis=0)
        counts[counts > self.remaining[columns]] = 0
        self.free[steps, columns] &= counts == 0
        self.remaining[columns] -= counts
        return int(counts.sum())


class _DrawnGap(NamedTuple):
    """A gap to hide elsewhere in the series, with everything that is missing in other columns during it."""

    length: int  # steps
    steps: IntArray  # steps of the missing cells, counted from the first step of the gap
    columns: IntArray  # columns of the missing cells
    start: int | None  # first step of the gap in the series; None for a run that is not a gap of the series


class _OwnGaps:
    """The gaps of a series that are not longer than a tenth of it."""

    def __init__(self, observed: BoolArray) -> None:
        self.n_steps, self.n_columns = observed.shape
        gaps = find_gaps(observed)
        short = gaps.length <= max(1, len(observed) // 10)
        self.start, self.length = gaps.start[short], gaps.length[short]
        self.step, self.column = np.nonzero(~observed)
        self.first = np.searchsorted(self.step, np.arange(self.n_steps + 1))  # first missing cell of each step

    def draw(self, rng: np.random.Generator) -> _DrawnGap:
        """One of the gaps at random; a random run in a random column if there are none."""
        if not len(self.start):
            length = min(int(rng.choice(RUN_LENGTHS, p=RUN_SHARES)), self.n_steps - 1)
            return _DrawnGap(length, np.arange(length), np.full(length, rng.integers(self.n_columns)), None)
        gap = rng.integers(len(self.start))
        start, length = int(self.start[gap]), int(self.length[gap])
        cells = slice(self.first[start], self.first[start + length])
        return _DrawnGap(length, self.step[cells] - start, self.column[cells], start)


def _draw_start(rng: np.random.Generator, gap: _DrawnGap, n_steps: int, cycle: int | None) -> int:
    """A random first step for a gap; with a `cycle`, a step in the same phase as the first step of the gap."""
    last = n_steps - gap.length
    start = int(rng.integers(last + 1))
    if cycle and gap.start is not None and cycle <= last:
        start += (gap.start - start) % cycle
        start -= cycle if start > last else 0
    return start


def log_uniform(rng: np.random.Generator, longest: int, shape: tuple[int, ...]) -> IntArray:
    """Random whole numbers from 1 to `longest`, log-uniform: 1, 2-3 and 4-7 have the same probability."""
    return np.floor(np.exp(rng.uniform(0, np.log(longest + 1), shape))).astype(np.int64)


def _runs(rng: np.random.Generator, length: int, lengths: IntArray) -> BoolArray:
    """Masks (B, K, L), each True in one run of `lengths` (B, K) steps at a random position in the window."""
    lengths = np.minimum(lengths, length)
    start = np.floor(rng.random(lengths.shape) * (length - lengths + 1)).astype(np.int64)
    step = np.arange(length)
    return (step >= start[..., None]) & (step < (start + lengths)[..., None])
