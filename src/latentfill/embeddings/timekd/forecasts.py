"""Windows with the steps that follow them, and how far a student's forecasts of those are off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.protocols.encoder import tensor
from latentfill.embeddings.timekd.student_net import LARGEST_VALUE, ForecastBatch, VariableForecaster, normalise
from latentfill.nn.batches import BATCH_CELLS, LEAST_WINDOWS
from latentfill.windows.windows import cut


@dataclass(frozen=True, slots=True, eq=False)
class ForecastWindows:
    """N windows of L steps of a series, each with the steps that follow it."""

    values: FloatArray  # (T, C) scaled, NaN where missing
    starts: IntArray  # (N,)
    length: int  # L
    pred_len: int  # H

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, index: IntArray | slice) -> ForecastWindows:
        """Some of the windows."""
        return ForecastWindows(self.values, self.starts[index], self.length, self.pred_len)

    def any(self) -> bool:
        """Whether a single cell of what follows is observed."""
        return not np.isnan(cut(self.values, self.starts + self.length, self.pred_len)).all()

    def pieces(self) -> list[ForecastWindows]:
        """All of them, few enough at a time for any table."""
        size = windows_at_once(self.values.shape[1] * (self.length + self.pred_len))
        return [self.take(slice(first, first + size)) for first in range(0, len(self), size)]

    def batch(self, device: torch.device) -> ForecastBatch:
        """All of them as tensors."""
        whole = cut(self.values, self.starts, self.length + self.pred_len)
        window = normalise(whole[:, : self.length])
        future = np.clip(whole[:, self.length :], -LARGEST_VALUE, LARGEST_VALUE)
        parts = (window.tokens, window.level, window.spread, future)
        return ForecastBatch(*(tensor(part, device) for part in parts))


def windows_at_once(cells: int) -> int:
    """How many windows of so many cells are computed together."""
    return max(LEAST_WINDOWS, BATCH_CELLS // cells)


@dataclass(frozen=True, slots=True)
class ForecastErrors:
    """Errors of forecasts over the observed cells of the future, in scaled units; NaN if there are none."""

    mse: float
    mae: float
    windows: int
    cells: int


@torch.no_grad()
def forecast_errors(student: VariableForecaster, windows: ForecastWindows, device: torch.device) -> ForecastErrors:
    """How far a student's forecasts of all these windows are off."""
    squared = absolute = 0.0
    cells = 0
    for piece in windows.pieces():
        batch = piece.batch(device)
        known = ~batch.future.isnan()
        error = (batch.scaled(student(batch.tokens).forecast) - batch.future)[known].double()
        squared += float(error.square().sum())
        absolute += float(error.abs().sum())
        cells += int(known.sum())
    mse, mae = (total / cells if cells else np.nan for total in (squared, absolute))
    return ForecastErrors(mse, mae, len(windows), cells)
