"""TimeKD's subtractive cross attention of a language model's states with and without the future values."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentfill.core.seeds import SeedStream


class SubtractiveCrossAttention(nn.Module):
    """One attention layer with one head and frozen weights, which are drawn from a seed.

    The tokens are the D numbers of an embedding, each with C features, one per column. Queries come from the
    privileged states, keys and values from the states of the history; the output is subtracted from the privileged
    states (Liu et al., ICDE 2025, arXiv 2505.02138). Both states are normalised over D first, as normalising over
    columns would make a single column constant.
    """

    query: Tensor  # (C, C), like the others
    key: Tensor
    value: Tensor
    out: Tensor

    def __init__(self, columns: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(SeedStream.CROSS_ATTENTION.torch_seed(seed))
        for name in ("query", "key", "value", "out"):
            weight = torch.randn(columns, columns, generator=generator) / columns**0.5
            self.register_buffer(name, weight)

    def forward(self, privileged: Tensor, history: Tensor) -> Tensor:
        """Embeddings (B, C, D) from the states (B, C, D) of both kinds of prompts."""
        privileged, history = (_normalised(states).transpose(1, 2) for states in (privileged, history))  # (B, D, C)
        query, key, value = privileged @ self.query, history @ self.key, history @ self.value
        scores = query @ key.transpose(1, 2) / key.shape[2] ** 0.5  # (B, D, D)
        attended = torch.softmax(scores, dim=2) @ value @ self.out
        return (privileged - attended).transpose(1, 2)


def _normalised(states: Tensor) -> Tensor:
    """States (B, C, D) with mean 0 and variance 1 over D."""
    return nn.functional.layer_norm(states, states.shape[2:])
