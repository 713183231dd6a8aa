"""What every source of embeddings looks like to a strategy: windows in, vectors out, nothing to train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from latentfill.core.series import Series
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import Windows


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The embeddings of B windows."""

    z: Tensor  # (B, K, D), one vector per column (K = C) or one for all (K = 1)
    window: Tensor | None = None  # (B, L, C) decoded by the encoder itself, scaled units; None if it cannot


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderShape:
    """What a decoder must know of an encoder."""

    columns: int  # K
    dim: int  # D
    decodes: bool  # whether `Encoded.window` is there
    costly: bool = False  # whether a window takes so long that training must not embed new ones at every step


class Encoder(Protocol):
    """A frozen encoder."""

    shape: EncoderShape

    def encode(self, windows: Windows) -> Encoded:
        """Embed windows as far as they are observed; the same windows give the same embeddings."""
        ...


EncoderFactory = Callable[[ColumnScaler, Series], Encoder]  # of one series, whose windows are scaled so


def as_tensors(windows: Windows, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Values (0 where missing), observed mask and clock of the windows, as float32 and bool tensors."""
    observed = windows.observed
    values = np.where(observed, windows.values, 0.0)
    return tensor(values, device), tensor(observed, device), tensor(windows.clock, device)


def tensor(array: np.ndarray, device: torch.device) -> Tensor:
    """`array` on `device`, as float32 unless it is boolean."""
    dtype = bool if array.dtype == bool else np.float32
    with np.errstate(over="ignore"):  # beyond float32 becomes infinite, and the estimate NaN: the fallback's part
        return torch.from_numpy(np.ascontiguousarray(array, dtype=dtype)).to(device)
