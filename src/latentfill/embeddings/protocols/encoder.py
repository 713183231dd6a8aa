"""Encoders, as strategies see them: they turn windows into vectors and are not trained any further."""

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
    """The embeddings of B windows, K per window of size D."""

    z: Tensor  # (B, K, D), one vector per column (K = C) or one for all columns (K = 1)
    window: Tensor | None = None  # (B, L, C) the windows that its own decoder gives, scaled units; None if it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderShape:
    """The properties of an encoder that decoders depend on."""

    columns: int  # K
    dim: int  # D
    decodes: bool  # whether it has a decoder of its own, which gives `Encoded.window`
    costly: bool = False  # whether training cannot embed new windows at every step


class Encoder(Protocol):
    """A frozen encoder."""

    shape: EncoderShape

    def encode(self, windows: Windows) -> Encoded:
        """Embeddings of the observed cells of windows; the same windows give the same embeddings."""
        ...


# Makes the encoder of one series, whose windows are scaled by that scaler.
EncoderFactory = Callable[[ColumnScaler, Series], Encoder]


def as_tensors(windows: Windows, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Values (0 where missing), observed mask and clock of the windows, as float32 and bool tensors."""
    observed = windows.observed
    values = np.where(observed, windows.values, 0.0)
    return tensor(values, device), tensor(observed, device), tensor(windows.clock, device)


def tensor(array: np.ndarray, device: torch.device) -> Tensor:
    """`array` as a tensor on `device`, boolean or float32."""
    dtype = bool if array.dtype == bool else np.float32
    # values too large for float32 become infinite, and the estimate NaN, so the fallback fills the cell
    with np.errstate(over="ignore"):
        return torch.from_numpy(np.ascontiguousarray(array, dtype=dtype)).to(device)
