"""Nearest neighbour search: exact, or approximate with a FAISS index for very many keys."""

from __future__ import annotations

from types import ModuleType
from typing import Protocol

import torch
from torch import Tensor

from latentfill.core.config_settings import Metric
from latentfill.core.errors import InputError

BLOCK = 1 << 25  # similarities computed at a time
FAISS_LISTS = 4.0  # number of lists of the inverted file, as a multiple of the square root of the number of keys
FAISS_PROBES = 1 / 8  # share of the lists that each query searches


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


class Faiss:
    """An inverted file of the keys (N, D): each query searches only the lists nearest to it.

    Needs the extra `faiss`. Johnson, Douze and Jegou, "Billion-scale similarity search with GPUs" (2019).
    """

    def __init__(self, keys: Tensor, metric: Metric) -> None:
        faiss = _faiss()
        n, size = keys.shape
        lists = max(1, min(n // 40, int(FAISS_LISTS * n**0.5)))
        kind = faiss.METRIC_INNER_PRODUCT if metric == "cosine" else faiss.METRIC_L2
        # A reference to the quantizer must be kept, as the index does not hold one.
        self.quantizer = faiss.IndexFlatIP(size) if metric == "cosine" else faiss.IndexFlatL2(size)
        self.index = faiss.IndexIVFFlat(self.quantizer, size, lists, kind)
        self.index.nprobe = max(1, int(lists * FAISS_PROBES))
        vectors = keys.cpu().contiguous().numpy()
        self.index.train(vectors)
        self.index.add(vectors)
        self.sign = 1.0 if metric == "cosine" else -1.0

    def nearest(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        scores, index = self.index.search(queries.cpu().contiguous().numpy(), min(k, self.index.ntotal))
        similarity = self.sign * torch.from_numpy(scores).to(queries.device)
        where = torch.from_numpy(index).to(queries.device)
        return torch.where(where < 0, -torch.inf, similarity), where.clamp(min=0)


def recall(found: Tensor, exact: Tensor) -> float:
    """Share of the indices of `exact` neighbours (B, k) that are also in `found` (B, k)."""
    return float((exact[:, :, None] == found[:, None, :]).any(2).double().mean()) if exact.numel() else 1.0


def _faiss() -> ModuleType:
    try:
        import faiss
    except ImportError as error:
        raise InputError(
            "search 'faiss' needs the package faiss-cpu: pip install 'latentfill[faiss]', or use search 'exact'."
        ) from error
    return faiss
