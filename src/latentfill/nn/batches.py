"""Training batches: random windows with some of their observed cells hidden."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from latentfill.core.series import IntArray
from latentfill.nn.distributed import processes
from latentfill.windows.hiding import hide_mixture, together
from latentfill.windows.training_data import HeldOutWindows, gap_patterns
from latentfill.windows.windows import Windows

BATCH_CELLS = 1 << 16  # at most in a batch of more than `LEAST_WINDOWS` windows
LEAST_WINDOWS = 8
REUSE = 8  # times a prepared batch is used, on average
RECENT = 24  # prepared batches that are kept, at most
RECENT_NUMBERS = 1 << 23  # in all prepared batches that are kept

Prepared = TypeVar("Prepared")


class HidingBatches:
    """Draws random windows and hides some of their observed cells, partly in the shapes of gaps of other windows.

    Of several processes, each gets its share of every batch.
    """

    def __init__(self, windows: Windows, drawable: IntArray, size: int, rng: np.random.Generator) -> None:
        """`drawable`: indices of the windows to draw from; `size`: windows per batch, fewer if they are large."""
        self.windows = windows
        self.drawable = drawable
        most = max(LEAST_WINDOWS, BATCH_CELLS // windows.values[0].size) if len(windows) else size
        self.size = processes().divisible(min(size, most))
        self.rng = rng
        self.patterns = gap_patterns(windows)

    def draw(self) -> HeldOutWindows:
        """The next batch, or the share of it that this process works on."""
        batch = self.windows.take(self.drawable[self.rng.integers(len(self.drawable), size=self.size)])
        hidden = hide_mixture(self.rng, batch.observed, self.patterns)
        return HeldOutWindows.hiding(batch, together(hidden, batch.tied)).take(processes().share(self.size))


class Replay(Generic[Prepared]):
    """Draws batches that are slow to prepare, each `REUSE` times on average.

    Every `REUSE`-th draw prepares a new batch, the other draws return one of the newest `kept` batches at random. After
    `kept` `costly` batches, whose embeddings take long to compute, no new batches are prepared.
    """

    def __init__(
        self, prepare: Callable[[], Prepared], rng: np.random.Generator, *, numbers: int, costly: bool = False
    ) -> None:
        """`prepare` makes a new batch; `numbers`, how many a batch holds, limits how many batches are kept."""
        self.prepare = prepare
        self.rng = rng
        self.kept = min(RECENT, 1 + RECENT_NUMBERS // numbers)
        self.recent: deque[Prepared] = deque(maxlen=self.kept)
        self.costly = costly
        self.draws = 0

    def draw(self) -> Prepared:
        """The next batch."""
        if self.draws % REUSE == 0 and not (self.costly and len(self.recent) == self.kept):
            self.recent.append(self.prepare())
        self.draws += 1
        return self.recent[int(self.rng.integers(len(self.recent)))]


def target_tensors(batch: HeldOutWindows, device: torch.device) -> tuple[Tensor, Tensor]:
    """The truth of the hidden cells (float32, 0 elsewhere) and the mask of the hidden cells, both (B, L, C)."""
    hidden = ~np.isnan(batch.truth)
    truth = np.where(hidden, batch.truth, 0.0).astype(np.float32)
    return torch.from_numpy(truth).to(device), torch.from_numpy(hidden).to(device)
