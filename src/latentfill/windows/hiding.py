"""Hide observed cells on purpose: to train with, to stop early on, and to score.

Every function takes `observed` (B, L, C), True where a value was read, and returns `hidden`, a subset of it. All draws
come from the generator that is passed in.
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.gaps import find_gaps


def hide_points(rng: np.random.Generator, observed: BoolArray, rate: FloatArray | float) -> BoolArray:
    """Independent cells, each with probability `rate` (B,), or one for all."""
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
    """Cells that are missing in another window: `patterns` (P, L, C) holds observed masks to draw from."""
    return observed & ~patterns[rng.integers(len(patterns), size=len(observed))]


def keep_some(hidden: BoolArray, observed: BoolArray) -> BoolArray:
    """`hidden`, without the windows in which it would leave nothing observed."""
    left = (observed & ~hidden).any(axis=(1, 2), keepdims=True)
    return hidden & left


# Which share of the training windows gets points, blackouts, runs and the file's own pattern.
MIXTURE = (0.4, 0.2, 0.2, 0.2)
MIXTURE_WITHOUT_OWN = (0.5, 0.25, 0.25, 0.0)


def hide_mixture(rng: np.random.Generator, observed: BoolArray, patterns: BoolArray) -> BoolArray:
    """Training masks that let one model serve every pattern: per window points, blackouts, runs, or the file's own.

    `patterns` (P, L, C) are observed masks of windows with gaps; P may be 0. A third of the windows get scattered
    points on top of whatever else they hide. Windows that would lose their last observed cell keep all of them.
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
    """Cells of a whole series `observed` (T, C), hidden in the pattern of the series' own gaps.

    Gaps are drawn at random; what all columns miss during a drawn gap (so gaps that fall together stay together) is
    moved to a random time, of the same place in the `cycle` (steps) where one is given, until `rate` of the observed
    cells is hidden or no place is left. No column loses more than three times `rate` of its cells, or its last one, and
    no gap longer than a tenth of the series is drawn. A series without gaps gets runs of 1 to 24 steps in one column,
    their lengths log-uniform.
    """
    n_steps, c = observed.shape
    hidden = np.zeros_like(observed)
    gaps = find_gaps(observed)
    usable = np.nonzero(gaps.length <= max(1, n_steps // 10))[0]
    count = observed.sum(axis=0)
    room = np.minimum(np.ceil(3 * rate * count), np.maximum(count - 1, 0)).astype(np.int64)
    wanted = round(rate * int(observed.sum()))
    misses = 0
    while wanted > 0 and misses < 1000:
        if len(usable):
            gap = usable[rng.integers(len(usable))]
            pattern = ~observed[gaps.start[gap] : gaps.start[gap] + gaps.length[gap]]
        else:
            length = min(int(log_uniform(rng, 24, ())), n_steps - 1)
            pattern = np.broadcast_to(np.arange(c) == rng.integers(c), (length, c))
        last = n_steps - len(pattern)
        at = int(rng.integers(last + 1))
        if cycle and len(usable) and cycle <= last:
            at += (int(gaps.start[gap]) - at) % cycle
            at -= cycle if at > last else 0
        place = slice(at, at + len(pattern))
        new = pattern & observed[place] & ~hidden[place]
        new &= new.sum(axis=0) <= room
        hidden[place] |= new
        room -= new.sum(axis=0)
        wanted -= int(new.sum())
        misses += not new.any()
    return hidden


def log_uniform(rng: np.random.Generator, longest: int, shape: tuple[int, ...]) -> IntArray:
    """Whole numbers from 1 to `longest`, small ones as likely per doubling as large ones."""
    return np.floor(np.exp(rng.uniform(0, np.log(longest + 1), shape))).astype(np.int64)


def _runs(rng: np.random.Generator, length: int, lengths: IntArray) -> BoolArray:
    """(B, K, L), True on a run of `lengths` (B, K) steps at a uniform place inside the window."""
    lengths = np.minimum(lengths, length)
    start = np.floor(rng.random(lengths.shape) * (length - lengths + 1)).astype(np.int64)
    step = np.arange(length)
    return (step >= start[..., None]) & (step < (start + lengths)[..., None])
