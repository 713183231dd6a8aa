"""The interface of encoders, the frozen models that give strategies the embeddings of windows."""

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
    """The embeddings of B windows: K vectors of size D per window."""

    z: Tensor  # (B, K, D), one vector per column (K = C) or one for all columns (K = 1)
    window: Tensor | None = None  # (B, L, C) decoded windows, scaled units; None if the encoder has no decoder


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderShape:
    """The properties of an encoder that decoders depend on."""

    columns: int  # K
    dim: int  # D
    decodes: bool  # whether the encoder has a decoder, which gives `Encoded.window`
    costly: bool = False  # whether embedding is too slow for new windows at every training step


class Encoder(Protocol):
    """A frozen encoder."""

    shape: EncoderShape

    def encode(self, windows: Windows) -> Encoded:
        """Embeddings of the observed cells of windows; equal windows get equal embeddings."""
        ...


# Makes the encoder of a series from the series and the scaler of its windows.
EncoderFactory = Callable[[ColumnScaler, Series], Encoder]


def as_tensors(windows: Windows, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Values (0 where missing), observed mask and clock of the windows, as float32 and bool tensors."""
    observed = windows.observed
    values = np.where(observed, windows.values, 0.0)
    return tensor(values, device), tensor(observed, device), tensor(windows.clock, device)


def tensor(array: np.ndarray, device: torch.device) -> Tensor:
    """`array` as a tensor on `device`, boolean or float32."""
    dtype = bool if array.dtype == bool else np.float32
    # Values too large for float32 become infinite; their estimates become NaN and are replaced by the fallback.
    with np.errstate(over="ignore"):
        return torch.from_numpy(np.ascontiguousarray(array, dtype=dtype)).to(device)
