"""The windows of the series that lie nearest in embedding space, and what they say about a window's hidden cells."""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.embeddings.encoder import Encoder, tensor
from latentfill.windows import Windows

KEY_SIZE = 64  # principal components of the embeddings that windows are compared by
BANK_STRIDE = 4  # steps between the windows that are kept
BANK_CELLS = 1 << 24  # most cells kept
ENCODED_AT_ONCE = 512  # windows
GATHERED_AT_ONCE = 1 << 23  # neighbours' cells
SHARPNESS = 2.0  # how much more a neighbour counts that fits the observed cells better


class Neighbours(nn.Module):
    """A bank of N windows of L steps and C columns, found by the embedding, K x D numbers, of what they show.

    A neighbour is shifted to the level of the window it is to help, column by column, over the cells that both have,
    and counts by how well it then fits there. Only its observed cells speak. Windows that overlap the one looked at
    take no part: they would show it its own hidden cells.
    """

    centre: Tensor  # (K * D,)
    components: Tensor  # (K * D, KEY_SIZE or fewer)
    keys: Tensor  # (N, KEY_SIZE or fewer), of length one
    values: Tensor  # (N, L, C) scaled, NaN where missing
    starts: Tensor  # (N,) first steps

    def __init__(self, size: int, length: int, columns: int, embedding: int) -> None:
        super().__init__()
        key = min(KEY_SIZE, size, embedding)
        self.register_buffer("centre", torch.zeros(embedding))
        self.register_buffer("components", torch.zeros(embedding, key))
        self.register_buffer("keys", torch.zeros(size, key))
        self.register_buffer("values", torch.full((size, length, columns), torch.nan))
        self.register_buffer("starts", torch.zeros(size, dtype=torch.int64))

    @classmethod
    def of(cls, windows: Windows, encoder: Encoder, device: torch.device) -> Self:
        """A bank of evenly spaced windows of a series, those without any observed cell left out."""
        length, columns = windows.values.shape[1:]
        most = max(1, BANK_CELLS // (length * columns))
        bank = windows.take(slice(None, None, max(BANK_STRIDE, -(-len(windows) // most))))
        bank = bank.take(np.nonzero(bank.observed.any(axis=(1, 2)))[0])
        made = cls(len(bank), length, columns, encoder.shape.columns * encoder.shape.dim).to(device)
        if not len(bank):
            return made
        parts = range(0, len(bank), ENCODED_AT_ONCE)
        with torch.no_grad():
            z = torch.cat([encoder.encode(bank.take(slice(i, i + ENCODED_AT_ONCE))).z.flatten(1) for i in parts])
        made.centre.copy_(z.mean(0))
        made.components.copy_(torch.pca_lowrank(z - made.centre, made.keys.shape[1], center=False)[2])
        made.keys.copy_(made._key(z))
        made.values.copy_(tensor(bank.values, device))
        made.starts.copy_(torch.from_numpy(bank.starts))
        return made

    def look(self, z: Tensor, values: Tensor, observed: Tensor, starts: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Weighted mean and spread (B, L, C) of the `k` nearest windows; NaN where none of them says anything.

        `z` (B, K, D) are the embeddings of windows `values` (B, L, C), read where `observed`, that begin at `starts`.
        """
        keys = self._key(z.flatten(1))
        cells = values[0].numel() if len(values) else 1
        at_once = max(1, GATHERED_AT_ONCE // (k * cells))
        parts = [slice(first, first + at_once) for first in range(0, len(values), at_once)]
        found = [self._look(keys[part], values[part], observed[part], starts[part], k) for part in parts]
        means, spreads = zip(*found, strict=True) if found else ((values,), (values,))
        return torch.cat(means), torch.cat(spreads)

    def _look(self, keys: Tensor, values: Tensor, observed: Tensor, starts: Tensor, k: int) -> tuple[Tensor, Tensor]:
        likeness = keys @ self.keys.T
        own = (starts[:, None] - self.starts).abs() < values.shape[1]
        near = likeness.masked_fill(own, -torch.inf).topk(min(k, len(self.keys)), dim=1)
        theirs = self.values[near.indices]  # (B, k, L, C)
        speak = ~theirs.isnan() & ~near.values.isinf()[:, :, None, None]
        theirs = torch.where(speak, theirs, 0.0)
        both = speak & observed[:, None]
        apart = torch.where(both, values[:, None] - theirs, 0.0)
        shift = apart.sum(2, keepdim=True) / (both.sum(2, keepdim=True) + 1)
        misfit = torch.where(both, apart - shift, 0.0).square().sum((2, 3)) / both.sum((2, 3)).clamp(min=1)
        best = misfit.masked_fill(~both.flatten(2).any(2), torch.inf).min(1, keepdim=True).values.clamp(1e-3, 1e3)
        weight = torch.softmax(-SHARPNESS * misfit / best, dim=1)[:, :, None, None] * speak
        total = weight.sum(1)
        mean = (weight * (theirs + shift)).sum(1) / total
        spread = ((weight * (theirs + shift - mean[:, None]).square()).sum(1) / total).sqrt()
        return mean, spread

    def _key(self, z: Tensor) -> Tensor:
        return nn.functional.normalize((z - self.centre) @ self.components, dim=1)
