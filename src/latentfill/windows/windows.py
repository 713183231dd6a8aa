"""Equal-length cuts of a series; `blend` is the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from latentfill.core.errors import InputError
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.metrics import masked_mse
from latentfill.windows.splits import Split

RESERVE_EVERY = 14  # windows between stretches that are kept for checks: a seventh of the series


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Equal-length cuts of one series: N windows, L steps, C columns, P clock features."""

    values: FloatArray  # (N, L, C), NaN where nothing was read
    clock: FloatArray  # (N, L, P), see `clock_features`
    starts: IntArray  # (N,), first step of each cut
    n_steps: int  # T, length of the whole series

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def observed(self) -> BoolArray:
        """True where a real value was read, shape (N, L, C)."""
        return ~np.isnan(self.values)

    @property
    def length(self) -> int:
        return int(self.values.shape[1])

    def take(self, index: IntArray | slice) -> Windows:
        """Some of the windows."""
        return replace(self, values=self.values[index], clock=self.clock[index], starts=self.starts[index])

    def joined(self, other: Windows) -> Windows:
        """These and then the others, of the same length and columns."""
        return replace(
            self,
            values=np.concatenate([self.values, other.values]),
            clock=np.concatenate([self.clock, other.clock]),
            starts=np.concatenate([self.starts, other.starts]),
        )

    def without(self, hidden: BoolArray) -> Windows:
        """The same windows with `hidden` cells (N, L, C) missing."""
        return replace(self, values=np.where(hidden, np.nan, self.values))


def cut_windows(values: FloatArray, clock: FloatArray, starts: IntArray, length: int) -> Windows:
    """Windows of a series (T, C) and its clock features (T, P); views where starts are evenly spaced."""
    return Windows(cut(values, starts, length), cut(clock, starts, length), starts, values.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Windows in which some cells are hidden, and the truth under them: to stop training by, or to score."""

    windows: Windows  # the hidden cells are missing here
    truth: FloatArray  # (N, L, C), NaN outside the hidden cells

    def any(self) -> bool:
        """Whether a single cell is hidden."""
        return not np.isnan(self.truth).all()

    def take(self, index: IntArray | slice) -> HeldOut:
        """Some of the windows."""
        return HeldOut(self.windows.take(index), self.truth[index])

    def error(self, estimate: FloatArray) -> float:
        """Mean squared error over the hidden cells, in the units of the windows; NaN when there are none."""
        return masked_mse(estimate, self.truth, ~np.isnan(self.truth))


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What a strategy learns from, and what it has not seen."""

    values: FloatArray  # (T, C) the scaled series
    clock: FloatArray  # (T, P)
    windows: Windows  # all there are
    train: IntArray  # which of them to learn from
    check: HeldOut  # windows to stop by; none of the ones to learn from overlaps them, if the series is long enough
    tuning: HeldOut  # windows with cells that are missing from `values`, to settle what is not trained by


def reserve(starts: IntArray, length: int, n_steps: int) -> tuple[IntArray, IntArray]:
    """Which windows to learn from, and which to check by: indices into `starts`.

    Those to check by lie in stretches of two windows, `RESERVE_EVERY` windows apart; what overlaps such a stretch is
    not learnt from. A series too short for three of them reserves nothing.
    """
    period = RESERVE_EVERY * length
    phase = (starts - period // 2) % period
    check, train = phase <= length, (phase >= 2 * length) & (phase <= period - length)
    if n_steps < 3 * period or not check.any() or 2 * train.sum() < len(starts):
        return np.arange(len(starts)), np.arange(0)
    return np.nonzero(train)[0], np.nonzero(check)[0]


def window_starts(n_steps: int, length: int, stride: int) -> IntArray:
    """First step of each window, shape (N,); the last window always ends on the last step."""
    if n_steps < length:
        raise InputError(
            f"the series has {n_steps} steps, fewer than one window (length={length}). Use a shorter window."
        )
    last = n_steps - length
    starts = np.arange(0, last + 1, stride, dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, last)


def split_starts(split: Split, seq_len: int, pred_len: int) -> IntArray:
    """Rows of the table at which the windows of a TimeKD split start, stride 1."""
    return np.arange(split.n_windows(seq_len, pred_len), dtype=np.int64) + split.start


def covered(starts: IntArray, length: int, n_steps: int) -> BoolArray:
    """Which steps of a series lie in some window, (T,)."""
    change = np.bincount(starts, minlength=n_steps + 1) - np.bincount(starts + length, minlength=n_steps + 1)
    inside: BoolArray = np.cumsum(change)[:n_steps] > 0
    return inside


def cut(values: FloatArray, starts: IntArray, length: int) -> FloatArray:
    """The windows of (T, C) values, a read-only (N, L, C); a view where starts are evenly spaced."""
    _check_inside(values.shape[0], starts, length)
    if len(starts) == 0:
        return np.empty((0, length, values.shape[1]))
    every = sliding_window_view(values, length, axis=0).transpose(0, 2, 1)
    steps = np.diff(starts)
    if len(steps) == 0 or (steps[0] > 0 and (steps == steps[0]).all()):
        step = int(steps[0]) if len(steps) else 1
        return every[int(starts[0]) : int(starts[-1]) + 1 : step]
    windows = every[starts]
    windows.flags.writeable = False  # as the view is, so that no caller depends on the spacing of its starts
    return windows


def _check_inside(n_steps: int, starts: IntArray, length: int) -> None:
    if length < 1:
        raise InputError(f"a window needs at least 1 step, got length={length}.")
    if len(starts) and (starts.min() < 0 or starts.max() + length > n_steps):
        raise InputError(
            f"windows of length {length} that start at steps {starts.min()} to {starts.max()} do not lie "
            f"inside a series of {n_steps} steps. Use window settings that fit this series."
        )
