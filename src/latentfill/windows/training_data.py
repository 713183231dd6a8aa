"""Windows for training, windows reserved for early stopping, and held-out cells with their true values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.metrics import masked_mse
from latentfill.windows.windows import ScaledSeries, Windows

MAX_PATTERNS = 2048  # observed masks taken from the windows of the series
RESERVE_EVERY = 14  # reserved stretches start every 14 window lengths and are two long: a seventh of the series


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutWindows:
    """N windows in which some cells are hidden, and the values of those cells."""

    windows: Windows  # the hidden cells are missing here
    truth: FloatArray  # (N, L, C), NaN outside the hidden cells

    @classmethod
    def hiding(cls, windows: Windows, hidden: BoolArray) -> HeldOutWindows:
        """Hide the cells `hidden` (N, L, C) of `windows`."""
        return cls(windows.without(hidden), np.where(hidden, windows.values, np.nan))

    def with_observed(self) -> HeldOutWindows:
        """The same windows, with the values of all observed cells as the truth, hidden or not."""
        return HeldOutWindows(self.windows, np.where(np.isnan(self.truth), self.windows.values, self.truth))

    def any(self) -> bool:
        """Whether at least one cell is hidden."""
        return not np.isnan(self.truth).all()

    def take(self, index: IntArray | slice) -> HeldOutWindows:
        """The windows at `index`."""
        return HeldOutWindows(self.windows.take(index), self.truth[index])

    def error(self, estimate: FloatArray) -> float:
        """Mean squared error of `estimate` (N, L, C) over the hidden cells, in scaled units; NaN if there are none."""
        return masked_mse(estimate, self.truth, ~np.isnan(self.truth))


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Data to fit a strategy or an encoder to; only `truth` and `tuning.truth` have the values of held-out cells."""

    series: ScaledSeries  # held-out cells are missing
    truth: FloatArray  # (T, C) values of the tuning cells, NaN elsewhere
    windows: Windows  # all windows of the series
    train: IntArray  # indices into `windows` of the windows to train on
    make_check: Callable[[], HeldOutWindows]
    make_tuning: Callable[[], HeldOutWindows]

    @cached_property
    def check(self) -> HeldOutWindows:
        """For early stopping; if the series is long enough, these windows overlap no window of `train`."""
        return self.make_check()

    @cached_property
    def tuning(self) -> HeldOutWindows:
        """Windows in which the tuning cells are hidden, to fit kriging and weights."""
        return self.make_tuning()


def reserve(starts: IntArray, length: int, n_steps: int) -> tuple[IntArray, IntArray]:
    """Indices into `starts` of the windows to train on, and of the windows reserved for early stopping.

    Reserved windows lie inside stretches of two window lengths, one stretch every `RESERVE_EVERY` window lengths.
    Windows that lie partly in a stretch are used for neither. A series that is too short for three stretches reserves
    no window.
    """
    period = RESERVE_EVERY * length
    phase = (starts - period // 2) % period
    check, train = phase <= length, (phase >= 2 * length) & (phase <= period - length)
    if is_too_short(length, n_steps) or not check.any() or 2 * train.sum() < len(starts):
        return np.arange(len(starts)), np.arange(0)
    return np.nonzero(train)[0], np.nonzero(check)[0]


def is_too_short(length: int, n_steps: int) -> bool:
    """Whether a series of `n_steps` reserves no window of this length."""
    return n_steps < 3 * RESERVE_EVERY * length


def gap_patterns(windows: Windows) -> BoolArray:
    """Observed masks (P, L, C) of windows with gaps and observed cells, spread evenly over the series."""
    every = max(1, len(windows) // MAX_PATTERNS)
    observed = windows.take(slice(None, None, every)).observed
    share = observed.mean(axis=(1, 2))
    patterns: BoolArray = observed[(share > 0) & (share < 1)]
    return patterns
