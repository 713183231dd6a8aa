"""The built-in encoder: TimeKD's student shape (one token per column), made aware of the mask."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MaskAwareStudent(nn.Module):
    """Inverted transformer over columns: (values, mask) of a whole window is one token per column.

    The window's observed mean is removed before encoding and kept beside the embedding (`level`), so the embedding
    describes shape and the decoder gets the level back exactly. `phase` (B, P) says where in the day and week a window
    starts; it enters as one more token. Shape after TimeKD's student (Liu et al., ICDE 2025, arXiv 2505.02138) and
    iTransformer (Liu et al., ICLR 2024); the mask as input and the reconstruction of hidden cells are this project's.
    """

    def __init__(
        self, *, length: int, columns: int, phases: int, dim: int, layers: int, heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.token = nn.Linear(2 * length, dim)
        self.column = nn.Parameter(torch.randn(columns, dim) * 0.02)
        self.phase = nn.Linear(phases, dim) if phases else None
        layer = nn.TransformerEncoderLayer(
            dim, heads, 2 * dim, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, layers, nn.LayerNorm(dim), enable_nested_tensor=False)
        self.window = nn.Linear(dim, length)

    def forward(self, values: Tensor, observed: Tensor, phase: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding z (B, C, D) and level (B, C) of windows (B, L, C) in scaled units; `values` is read only where
        `observed`."""
        mask = observed.to(self.column.dtype)
        known = torch.where(observed, values, 0.0)
        level = known.sum(1) / mask.sum(1).clamp(min=1)  # (B, C)
        shape = torch.where(observed, values - level[:, None], 0.0)
        tokens = self.token(torch.cat([shape, mask], dim=1).transpose(1, 2)) + self.column  # (B, C, D)
        if self.phase is not None:
            tokens = torch.cat([tokens, self.phase(phase)[:, None]], dim=1)
        z = self.blocks(tokens)[:, : mask.shape[2]]
        return z, level

    def decode(self, z: Tensor, level: Tensor) -> Tensor:
        """Window (B, L, C) in scaled units from an embedding and its level: the plain latent decoder."""
        window: Tensor = self.window(z)
        return window.transpose(1, 2) + level[:, None]
