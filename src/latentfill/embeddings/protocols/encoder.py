"""The interface of encoders, the frozen models that give strategies the embeddings of windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
    steps: Tensor | None = None  # (B, L, S) embeddings of single steps; None if the encoder has none


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderShape:
    """The properties of an encoder that decoders depend on."""

    columns: int  # K
    dim: int  # D
    decodes: bool  # whether the encoder has a decoder, which gives `Encoded.window`
    costly: bool = False  # whether embedding is too slow for new windows at every training step
    step_dim: int = 0  # S
    stored: bool = False  # whether embeddings were made before cells were hidden, so that they may depend on these

    @property
    def around(self) -> EncoderShape:
        """The properties of embeddings of two other windows, side by side, which depend on no cell of a window."""
        return replace(self, dim=2 * self.dim, step_dim=0, stored=False)


class Encoder(Protocol):
    """A frozen encoder."""

    shape: EncoderShape

    def encode(self, windows: Windows) -> Encoded:
        """Embeddings of the observed cells of windows; equal windows get equal embeddings."""
        ...


class SeriesEncoder(Encoder, Protocol):
    """An encoder of windows of one series, which also knows the embeddings of the windows around each."""

    def around(self) -> Encoder:
        """An encoder whose vectors are those of the nearest windows before and after one, which share no row with it.

        Its shape is `EncoderShape.around`.
        """
        ...


class WindowSmoother(Protocol):
    """Estimates the cells of windows, from the cells that the windows and one series without hidden cells show."""

    def estimate(self, windows: Windows) -> FloatArray:
        """Estimates (B, L, C) of all cells, in scaled units; equal windows get equal estimates."""
        ...


# Makes the encoder of a series from the series, the scaler of its windows, and what fits a smoother if it is needed.
EncoderFactory = Callable[[ColumnScaler, Series, Callable[[], WindowSmoother]], Encoder]
