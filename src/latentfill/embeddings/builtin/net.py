"""The network of the built-in encoder: a transformer with one token per column, which reads the missing mask."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentfill.nn.distributed import own_draws


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerShape:
    """The sizes of a `MaskAwareTransformer`."""

    length: int  # L, steps per window
    columns: int  # C
    phases: int  # P, clock features of the start of a window (time of day, of week); may be 0
    dim: int  # D, size of the embedding of a column
    layers: int
    heads: int  # attention heads; `dim` is a multiple of them
    dropout: float


class MaskAwareTransformer(nn.Module):
    """Inverted transformer: values and mask of a column over the whole window are one token.

    The level of a column, the mean of its observed cells, is subtracted before encoding and returned beside the
    embedding, so that the embedding describes the shape of the window and decoding restores the level exactly. The
    clock features of the window's start are an additional token.

    The architecture follows iTransformer (Liu et al., ICLR 2024) and the student of TimeKD (Liu et al., ICDE 2025,
    arXiv 2505.02138), with two additions: the mask is an input, and the network is trained to reconstruct hidden cells.
    """

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        dim = shape.dim
        self.token = nn.Linear(2 * shape.length, dim)
        self.column = nn.Parameter(torch.randn(shape.columns, dim) * 0.02)
        self.phase = nn.Linear(shape.phases, dim) if shape.phases else None
        layer = nn.TransformerEncoderLayer(
            dim, shape.heads, 2 * dim, shape.dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, shape.layers, nn.LayerNorm(dim), enable_nested_tensor=False)
        self.window = nn.Linear(dim, shape.length)

    def forward(self, values: Tensor, observed: Tensor, phase: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding z (B, C, D) and level (B, C) of windows (B, L, C) in scaled units.

        Only `observed` cells of `values` are used. `phase` (B, P) holds the clock features of the windows' starts.
        """
        mask = observed.to(self.column.dtype)
        known = torch.where(observed, values, 0.0)
        level = known.sum(1) / mask.sum(1).clamp(min=1)  # (B, C)
        shape = torch.where(observed, values - level[:, None], 0.0)
        tokens = self.token(torch.cat([shape, mask], dim=1).transpose(1, 2)) + self.column  # (B, C, D)
        if self.phase is not None:
            tokens = torch.cat([tokens, self.phase(phase)[:, None]], dim=1)
        with own_draws():
            z = self.blocks(tokens)[:, : mask.shape[2]]
        return z, level

    def decode(self, z: Tensor, level: Tensor) -> Tensor:
        """Windows (B, L, C) in scaled units from embeddings (B, C, D) and levels (B, C)."""
        window: Tensor = self.window(z)
        return window.transpose(1, 2) + level[:, None]
