"""Training batches: random windows with some of their observed cells hidden."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from latentfill.core.series import BoolArray, IntArray
from latentfill.windows.hiding import hide_mixture
from latentfill.windows.training_data import HeldOutWindows
from latentfill.windows.windows import Windows

MAX_PATTERNS = 2048  # masks kept of the file's own gaps
BATCH_CELLS = 1 << 16  # of a batch, at most, unless it would have fewer than `LEAST_WINDOWS`
LEAST_WINDOWS = 8
REUSE = 8  # times a prepared batch is used
RECENT = 24  # prepared batches at hand, at most
RECENT_CELLS = 1 << 24

Prepared = TypeVar("Prepared")


class HidingBatches:
    """Draws windows and hides some of their cells, in patterns that include those of the windows' own gaps."""

    def __init__(self, windows: Windows, among: IntArray, size: int, rng: np.random.Generator) -> None:
        """`among`: which of the windows to draw; `size`: how many at a time, fewer where they have many cells."""
        self.windows = windows
        self.among = among
        self.size = min(size, max(LEAST_WINDOWS, BATCH_CELLS // windows.values[0].size)) if len(windows) else size
        self.rng = rng
        self.patterns = own_patterns(windows)

    def draw(self) -> HeldOutWindows:
        """The next batch."""
        batch = self.windows.take(self.among[self.rng.integers(len(self.among), size=self.size)])
        hidden = hide_mixture(self.rng, batch.observed, self.patterns)
        return HeldOutWindows.hiding(batch, hidden)


class Replay(Generic[Prepared]):
    """Batches that are dear to prepare, each used `REUSE` times on average, among others.

    Every `REUSE`-th draw prepares a new one; the rest are drawn from the last few. Of `costly` ones no more are
    prepared than are kept: those are used on and on.
    """

    def __init__(
        self, prepare: Callable[[], Prepared], rng: np.random.Generator, *, cells: int, costly: bool = False
    ) -> None:
        """`cells`: how many cells a batch has, which limits how many are kept."""
        self.prepare = prepare
        self.rng = rng
        self.kept = min(RECENT, 1 + RECENT_CELLS // cells)
        self.recent: deque[Prepared] = deque(maxlen=self.kept)
        self.costly = costly
        self.draws = 0

    def draw(self) -> Prepared:
        """The next batch."""
        if self.draws % REUSE == 0 and not (self.costly and len(self.recent) == self.kept):
            self.recent.append(self.prepare())
        self.draws += 1
        return self.recent[int(self.rng.integers(len(self.recent)))]


def own_patterns(windows: Windows) -> BoolArray:
    """Observed masks (P, L, C) of windows that have both gaps and observed cells, evenly over the series."""
    every = max(1, len(windows) // MAX_PATTERNS)
    observed = windows.take(slice(None, None, every)).observed
    share = observed.mean(axis=(1, 2))
    patterns: BoolArray = observed[(share > 0) & (share < 1)]
    return patterns


def target_tensors(batch: HeldOutWindows, device: torch.device) -> tuple[Tensor, Tensor]:
    """Truth (0 elsewhere) and the hidden cells it is known for, both (B, L, C)."""
    hidden = ~np.isnan(batch.truth)
    truth = np.where(hidden, batch.truth, 0.0).astype(np.float32)
    return torch.from_numpy(truth).to(device), torch.from_numpy(hidden).to(device)
