"""Stretches: a long series as overlapping pieces of equal length, which are smoothed side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.windows.windows import cut, window_starts

FEWEST = 10  # steps that autoregressions are learnt from; shorter series are lengthened by missing steps
LENGTH = 1000  # steps of a stretch, at most
OVERLAP = 60  # steps at either end that are smoothed only as context for the steps further in


def lengthened(series: FloatArray, n_steps: int) -> FloatArray:
    """Series (G, T, n) with missing steps at the end, so that they have at least `n_steps`."""
    missing = max(0, n_steps - series.shape[1])
    return np.pad(series, ((0, 0), (0, missing), (0, 0)), constant_values=np.nan) if missing else series


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """B stretches that cover a series of T steps; each step is taken from the stretch in which it lies furthest in."""

    starts: IntArray  # (B,)
    length: int
    owner: IntArray  # (T,) the stretch that each step is taken from

    @classmethod
    def of(cls, n_steps: int) -> Stretches:
        """Stretches of equal length that cover `n_steps`."""
        count = max(1, -(-(n_steps - 2 * OVERLAP) // (LENGTH - 2 * OVERLAP)))
        length = min(n_steps, -(-(n_steps - 2 * OVERLAP) // count) + 2 * OVERLAP)
        starts = window_starts(n_steps, length, max(1, length - 2 * OVERLAP))
        middle = starts + length / 2
        owner = np.searchsorted((middle[1:] + middle[:-1]) / 2, np.arange(n_steps), side="right")
        return cls(starts, length, owner)

    def cut(self, series: FloatArray) -> FloatArray:
        """The stretches (G, B, L, n) of series (G, T, n)."""
        g, n_steps, n = series.shape
        wide = series.swapaxes(0, 1).reshape(n_steps, g * n)
        return cut(wide, self.starts, self.length).reshape(-1, self.length, g, n).transpose(2, 0, 1, 3)

    def join(self, stretches: FloatArray) -> FloatArray:
        """The series (G, T, n) of stretches (G, B, L, n)."""
        step = np.arange(len(self.owner))
        return np.asarray(stretches[:, self.owner, step - self.starts[self.owner]])
