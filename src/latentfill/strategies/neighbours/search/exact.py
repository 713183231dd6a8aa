"""Nearest neighbour search: exact here, and approximate with an index on disk (`indexed.py`) for very many keys."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from latentfill.core.config_settings import Metric

BLOCK = 1 << 25  # similarities computed at a time


class Search(Protocol):
    """Searches for nearest neighbours among keys."""

    def nearest(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Similarities (largest first) and indices of the `k` keys nearest to each query (B, D), both (B, k).

        Similarity is the cosine, for keys and queries of length one, or minus the squared distance. If there are fewer
        than `k` keys, the results have fewer columns. If an approximate search finds fewer, the rest have a similarity
        of minus infinity.
        """
        ...


class Exact:
    """Compares each query with all keys (N, D), block by block."""

    def __init__(self, keys: Tensor, metric: Metric) -> None:
        self.keys = keys
        self.metric = metric
        self.norms = keys.square().sum(1) if metric == "euclidean" else None

    def nearest(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        at_once = max(1, BLOCK // max(1, len(self.keys)))
        similarity = queries.new_empty(len(queries), min(k, len(self.keys)))
        index = torch.empty(similarity.shape, dtype=torch.int64, device=queries.device)
        for first in range(0, len(queries), at_once):
            part = slice(first, first + at_once)
            torch.topk(self._similarity(queries[part]), similarity.shape[1], dim=1, out=(similarity[part], index[part]))
        return similarity, index

    def _similarity(self, queries: Tensor) -> Tensor:
        products = queries @ self.keys.T
        if self.norms is None:
            return products
        return (2 * products - self.norms - queries.square().sum(1, keepdim=True)).clamp(max=0)


def recall(found: Tensor, exact: Tensor) -> float:
    """Share of the indices of `exact` neighbours (B, k) that are also in `found` (B, k)."""
    return float((exact[:, :, None] == found[:, None, :]).any(2).double().mean()) if exact.numel() else 1.0
