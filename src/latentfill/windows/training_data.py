"""What is trained on and what is kept from training: windows, and hidden cells with the truth under them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.metrics import masked_mse
from latentfill.windows.windows import ScaledSeries, Windows

RESERVE_EVERY = 14  # window lengths from one reserved stretch to the next; each is two long: a seventh of the series


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutWindows:
    """N windows in which some cells are hidden, and the values of those cells."""

    windows: Windows  # the hidden cells are missing here
    truth: FloatArray  # (N, L, C), NaN outside the hidden cells

    @classmethod
    def hiding(cls, windows: Windows, hidden: BoolArray) -> HeldOutWindows:
        """Hide the cells `hidden` (N, L, C) of `windows`."""
        return cls(windows.without(hidden), np.where(hidden, windows.values, np.nan))

    def any(self) -> bool:
        """Whether at least one cell is hidden."""
        return not np.isnan(self.truth).all()

    def take(self, index: IntArray | slice) -> HeldOutWindows:
        """The windows at `index`."""
        return HeldOutWindows(self.windows.take(index), self.truth[index])

    def error(self, estimate: FloatArray) -> float:
        """Mean squared error of `estimate` (N, L, C) over the hidden cells, scaled units; NaN when there are none."""
        return masked_mse(estimate, self.truth, ~np.isnan(self.truth))


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What a strategy or an encoder is fitted to; the held-out cells are missing from all of it but `tuning.truth`."""

    series: ScaledSeries  # held-out cells missing
    windows: Windows  # every window of the series
    train: IntArray  # indices into `windows`: those to train on
    check: HeldOutWindows  # for early stopping; in a series long enough, none overlaps a window of `train`
    tuning: HeldOutWindows  # windows with the held-out `tuning` cells, for settings that are chosen and not trained


def reserve(starts: IntArray, length: int, n_steps: int) -> tuple[IntArray, IntArray]:
    """Indices into `starts` of the windows to train on, and of those reserved for early stopping.

    Reserved windows lie in stretches of two windows' length, one every `RESERVE_EVERY` window lengths; windows that
    overlap such a stretch without being reserved belong to neither. A series with room for fewer than three stretches
    reserves nothing.
    """
    period = RESERVE_EVERY * length
    phase = (starts - period // 2) % period
    check, train = phase <= length, (phase >= 2 * length) & (phase <= period - length)
    if n_steps < 3 * period or not check.any() or 2 * train.sum() < len(starts):
        return np.arange(len(starts)), np.arange(0)
    return np.nonzero(train)[0], np.nonzero(check)[0]
