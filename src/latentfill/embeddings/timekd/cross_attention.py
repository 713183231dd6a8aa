"""TimeKD's subtractive cross attention: what the future adds to a history, both as read by a language model."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentfill.core.seeds import SeedStream


class SubtractiveCrossAttention(nn.Module):
    """One layer, one head, over the D numbers of an embedding as tokens of C columns each; random, seeded, frozen.

    Query are the privileged states, key and value those of the history; what the query finds there is taken away from
    it (Liu et al., ICDE 2025, arXiv 2505.02138). The states are normalised over their D numbers before, so that a
    single column keeps what it has; nothing is normalised over the columns.
    """

    query: Tensor  # (C, C), like the others
    key: Tensor
    value: Tensor
    out: Tensor

    def __init__(self, columns: int, seed: int) -> None:
        super().__init__()
        drawn = torch.Generator().manual_seed(SeedStream.CROSS_ATTENTION.torch_seed(seed))
        for name in ("query", "key", "value", "out"):
            weight = torch.randn(columns, columns, generator=drawn) / columns**0.5
            self.register_buffer(name, weight)

    def forward(self, privileged: Tensor, history: Tensor) -> Tensor:
        """(B, C, D) from two of the same shape."""
        asked, known = (_normalised(states).transpose(1, 2) for states in (privileged, history))  # (B, D, C)
        query, key, value = asked @ self.query, known @ self.key, known @ self.value
        likeness = query @ key.transpose(1, 2) / key.shape[2] ** 0.5  # (B, D, D)
        found = torch.softmax(likeness, dim=2) @ value @ self.out
        return (asked - found).transpose(1, 2)


def _normalised(states: Tensor) -> Tensor:
    """States (B, C, D) with mean 0 and variance 1 over D."""
    return nn.functional.layer_norm(states, states.shape[2:])
