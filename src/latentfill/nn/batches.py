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

MAX_PATTERNS = 2048  # observed masks taken from the series' own windows
BATCH_CELLS = 1 << 16  # at most in a batch, unless it would then have fewer than `LEAST_WINDOWS`
LEAST_WINDOWS = 8
REUSE = 8  # times a prepared batch is used, on average
RECENT = 24  # prepared batches that are kept, at most
RECENT_CELLS = 1 << 24  # in all prepared batches that are kept

Prepared = TypeVar("Prepared")


class HidingBatches:
    """Draws random windows and hides some of their observed cells; some hiding patterns are the windows' own gaps."""

    def __init__(self, windows: Windows, drawn: IntArray, size: int, rng: np.random.Generator) -> None:
        """`drawn`: indices of the windows that may be drawn; `size`: windows per batch, fewer if they are large."""
        self.windows = windows
        self.drawn = drawn
        self.size = min(size, max(LEAST_WINDOWS, BATCH_CELLS // windows.values[0].size)) if len(windows) else size
        self.rng = rng
        self.patterns = own_patterns(windows)

    def draw(self) -> HeldOutWindows:
        """The next batch."""
        batch = self.windows.take(self.drawn[self.rng.integers(len(self.drawn), size=self.size)])
        hidden = hide_mixture(self.rng, batch.observed, self.patterns)
        return HeldOutWindows.hiding(batch, hidden)


class Replay(Generic[Prepared]):
    """Batches that are slow to prepare: each is used `REUSE` times on average.

    Every `REUSE`-th draw prepares a new batch, the other draws return one of the last few at random. `costly` batches
    (their embeddings take long to compute) are prepared only until `kept` of them are there, and then only reused.
    """

    def __init__(
        self, prepare: Callable[[], Prepared], rng: np.random.Generator, *, cells: int, costly: bool = False
    ) -> None:
        """`prepare` makes a new batch; `cells` is the number of cells in one, which limits how many are kept."""
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
    """Observed masks (P, L, C) of windows with gaps and observed cells, spread evenly over the series."""
    every = max(1, len(windows) // MAX_PATTERNS)
    observed = windows.take(slice(None, None, every)).observed
    share = observed.mean(axis=(1, 2))
    patterns: BoolArray = observed[(share > 0) & (share < 1)]
    return patterns


def target_tensors(batch: HeldOutWindows, device: torch.device) -> tuple[Tensor, Tensor]:
    """The truth of the hidden cells (float32, 0 elsewhere) and the mask of the hidden cells, both (B, L, C)."""
    hidden = ~np.isnan(batch.truth)
    truth = np.where(hidden, batch.truth, 0.0).astype(np.float32)
    return torch.from_numpy(truth).to(device), torch.from_numpy(hidden).to(device)
