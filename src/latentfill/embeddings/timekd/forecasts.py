"""Windows with the steps after them, and the errors of a student's forecasts of these steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.timekd.normalise import LARGEST_VALUE, normalise
from latentfill.embeddings.timekd.student_net import VariableForecaster
from latentfill.nn.batches import BATCH_CELLS, LEAST_WINDOWS
from latentfill.nn.tensors import tensor
from latentfill.windows.windows import cut


@dataclass(frozen=True, slots=True, eq=False)
class ForecastBatch:
    """B windows, and the steps after them to forecast."""

    tokens: Tensor  # (B, C, L) normalised windows, see `normalise`
    level: Tensor  # (B, C)
    spread: Tensor  # (B, C)
    future: Tensor  # (B, H, C) scaled units, NaN where missing

    def scaled(self, forecast: Tensor) -> Tensor:
        """A forecast (B, H, C) of normalised values in scaled units."""
        return forecast * self.spread[:, None] + self.level[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class ForecastWindows:
    """N windows of a series, each with the steps after it."""

    values: FloatArray  # (T, C) scaled, NaN where missing
    starts: IntArray  # (N,) first step of each window
    length: int  # L, steps of a window
    pred_len: int  # H, steps after a window

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, index: IntArray | slice) -> ForecastWindows:
        """Some of the windows."""
        return replace(self, starts=self.starts[index])

    def has_future(self) -> bool:
        """Whether any cell after any window is observed."""
        return not np.isnan(cut(self.values, self.starts + self.length, self.pred_len)).all()

    def pieces(self) -> list[ForecastWindows]:
        """All windows, in parts that are small enough to be computed at once."""
        size = windows_at_once(self.values.shape[1] * (self.length + self.pred_len))
        return [self.take(slice(first, first + size)) for first in range(0, len(self), size)]

    def batch(self, device: torch.device) -> ForecastBatch:
        """All windows as tensors."""
        whole = cut(self.values, self.starts, self.length + self.pred_len)
        window = normalise(whole[:, : self.length])
        future = np.clip(whole[:, self.length :], -LARGEST_VALUE, LARGEST_VALUE)
        parts = (window.tokens, window.level, window.spread, future)
        return ForecastBatch(*(tensor(part, device) for part in parts))


def windows_at_once(cells: int) -> int:
    """Number of windows, of `cells` cells each, that are computed at once."""
    return max(LEAST_WINDOWS, BATCH_CELLS // cells)


@dataclass(frozen=True, slots=True)
class ForecastErrors:
    """Errors of forecasts over the observed cells, in scaled units; NaN if there are none."""

    mse: float
    mae: float
    windows: int
    cells: int


@torch.no_grad()
def forecast_errors(student: VariableForecaster, windows: ForecastWindows, device: torch.device) -> ForecastErrors:
    """Errors of a student's forecasts over all these windows."""
    squared = absolute = 0.0
    cells = 0
    for piece in windows.pieces():
        batch = piece.batch(device)
        observed = ~batch.future.isnan()
        error = (batch.scaled(student(batch.tokens).forecast) - batch.future)[observed].double()
        squared += float(error.square().sum())
        absolute += float(error.abs().sum())
        cells += int(observed.sum())
    mse, mae = (total / cells if cells else np.nan for total in (squared, absolute))
    return ForecastErrors(mse, mae, len(windows), cells)
