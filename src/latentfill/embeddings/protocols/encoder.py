"""The interface of encoders, the frozen models that give strategies the embeddings of windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from latentfill.core.series import FloatArray, Series
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import Windows

if TYPE_CHECKING:
    from torch import Tensor


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


class WindowSmoother(Protocol):
    """Estimates the cells of windows, from the cells that the windows and one series without hidden cells show."""

    def estimate(self, windows: Windows) -> FloatArray:
        """Estimates (B, L, C) of all cells, in scaled units; equal windows get equal estimates."""
        ...


# Makes the encoder of a series from the series, the scaler of its windows, and what fits a smoother if it is needed.
EncoderFactory = Callable[[ColumnScaler, Series, Callable[[], WindowSmoother]], Encoder]
