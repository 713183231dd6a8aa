"""A bank of windows, in which the windows nearest to a query in embedding space are searched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.nn.tensors import tensor
from latentfill.strategies.neighbours.rules import Rules
from latentfill.strategies.neighbours.search.exact import Exact, Search
from latentfill.strategies.neighbours.search.indexed import Indexed, engine_of, uses_index
from latentfill.strategies.neighbours.search.keys_on_disk import KeysOnDisk
from latentfill.strategies.neighbours.search.matrix_file import ITEM
from latentfill.strategies.neighbours.votes import Queries, Votes, cast_votes
from latentfill.windows.windows import Windows

COSTLY_STRIDE = (
    24  # steps, at least, between the bank's windows if embedding is costly; like the default stride of filling
)
ENCODED_AT_ONCE = 512  # windows
GATHERED_AT_ONCE = 1 << 23  # cells of neighbours


class WindowBank(nn.Module):
    """N windows of L steps and C columns, and keys made of their embeddings of K x D numbers.

    Windows that overlap the query are left out, as they contain its hidden cells. The other nearest windows are matched
    to the query on the cells that both have observed.
    """

    centre: Tensor  # (K * D,) mean embedding
    components: Tensor  # (K * D, key size) principal components; empty where keys are whole embeddings
    keys: Tensor  # (N, key size), of length one if compared by the cosine
    values: Tensor  # (N, L, C) scaled, NaN where missing
    starts: Tensor  # (N,) first steps

    def __init__(
        self,
        size: int,
        length: int,
        columns: int,
        embedding: int,
        rules: Rules | None = None,
        *,
        allocate_keys: bool = True,
    ) -> None:
        """Allocate a bank of `size` windows; `embedding` is K * D. Keys that are not allocated are set later."""
        super().__init__()
        self.rules = rules or Rules()
        self._search: Search | None = None
        self._on_disk: KeysOnDisk | None = None  # the file behind the keys, if they may not fit into memory
        whole = self.rules.key_size is None
        key = embedding if whole else min(self.rules.key_size or 0, size, embedding)
        self.register_buffer("centre", torch.zeros(embedding))
        self.register_buffer("components", torch.zeros(0 if whole else embedding, 0 if whole else key))
        self.register_buffer("keys", torch.zeros(size if allocate_keys else 0, key))
        self.register_buffer("values", torch.full((size, length, columns), torch.nan))
        self.register_buffer("starts", torch.zeros(size, dtype=torch.int64))

    @classmethod
    def of(cls, windows: Windows, encoder: Encoder, device: torch.device, rules: Rules | None = None) -> Self:
        """A bank of evenly spaced windows of a series, without windows that have no observed cell."""
        rules = rules or Rules()
        length, columns = windows.values.shape[1:]
        most = max(1, rules.cells // (length * columns))
        stride = max(rules.stride, COSTLY_STRIDE) if encoder.shape.costly else rules.stride
        kept = windows.take(slice(None, None, max(stride, -(-len(windows) // most)))).with_observed_cells()
        embedding, on_disk = encoder.shape.columns * encoder.shape.dim, _lies_on_disk(rules, len(kept), device)
        bank = cls(len(kept), length, columns, embedding, rules, allocate_keys=not on_disk).to(device)
        if len(kept):
            (bank._fill_keys_on_disk if on_disk else bank._fill_keys)(kept, encoder)
            bank.values.copy_(tensor(kept.values, device))
            bank.starts.copy_(torch.from_numpy(kept.starts))
        return bank

    @property
    def search(self) -> Search:
        """The search through the keys; an index is built on first use."""
        if self._search is None:
            self._search = self._indexed() if self.has_index else Exact(self.keys, self.rules.metric)
        return self._search

    @property
    def has_index(self) -> bool:
        """Whether the keys are searched with an index."""
        return uses_index(self.rules.search, len(self.keys), self.keys.device)

    def lookup(self, queries: Queries, k: int) -> tuple[Tensor, Tensor]:
        """Weighted mean and standard deviation (B, L, C) of the `k` nearest windows; NaN where all `k` are missing."""
        values = queries.values
        cells = values[0].numel() if len(values) else 1
        at_once = max(1, GATHERED_AT_ONCE // (k * cells))
        if not len(values):
            return values, values
        parts = [queries.take(slice(first, first + at_once)) for first in range(0, len(values), at_once)]
        means, spreads = zip(*(self.vote(part, k).mean_and_spread() for part in parts), strict=True)
        return torch.cat(means), torch.cat(spreads)

    def vote(self, queries: Queries, k: int) -> Votes:
        """The values and weights of the `k` nearest windows for each cell of the queries."""
        similarity, index = self._nearest(queries, k)
        return cast_votes(queries, self.values[index], similarity, index, self.rules)

    def keys_of(self, z: Tensor) -> Tensor:
        """The keys (B, key size) of flat embeddings (B, K * D)."""
        key = z - self.centre if self.rules.key_size is None else (z - self.centre) @ self.components
        return nn.functional.normalize(key, dim=1) if self.rules.metric == "cosine" else key

    def _fill_keys(self, windows: Windows, encoder: Encoder) -> None:
        z = torch.cat(list(_encoded(windows, encoder)))
        self.centre.copy_(z.mean(0))
        if self.rules.key_size is not None:
            self.components.copy_(torch.pca_lowrank(z - self.centre, self.keys.shape[1], center=False)[2])
        self.keys.copy_(self.keys_of(z))

    def _fill_keys_on_disk(self, windows: Windows, encoder: Encoder) -> None:
        """The same block by block, for keys that are whole embeddings; the bank's are those of a file."""
        self._on_disk = KeysOnDisk()
        n_bytes = ITEM * len(windows) * len(self.centre)
        z = self._on_disk.write("embeddings", _encoded(windows, encoder), n_bytes)
        self.centre.copy_(torch.from_numpy(z.mean()))
        self._on_disk.write_keys((self.keys_of(torch.from_numpy(block)) for _, block in z.blocks()), n_bytes)
        z.path.unlink()
        self.keys = self._on_disk.file.tensor()

    def _indexed(self) -> Indexed:
        """A search with an index of the keys, for as many neighbours as are asked for."""
        k = self.rules.count + (0 if self.rules.overlapping else self._most_overlapping(self.values.shape[1]))
        folder = None if self.rules.index is None else Path(self.rules.index)
        keys, engine = self._on_disk or KeysOnDisk.of(self.keys), engine_of(self.rules.index_engine)
        return Indexed(keys, self.rules.metric, k, folder, engine)

    def __getstate__(self) -> dict[str, Any]:
        """The state without open files, which are made again on first use."""
        return {**self.__dict__, "_search": None, "_on_disk": None}

    def _nearest(self, queries: Queries, k: int) -> tuple[Tensor, Tensor]:
        """Similarities and indices (B, k or fewer) of the nearest windows."""
        keys, length = self.keys_of(queries.z.flatten(1)), queries.values.shape[1]
        if self.rules.overlapping:
            return self.search.nearest(keys, k)
        similarity, index = self.search.nearest(keys, k + self._most_overlapping(length))
        apart = (queries.starts[:, None] - self.starts[index]).abs()
        similarity = similarity.masked_fill(apart < length, -torch.inf)
        similarity, order = similarity.topk(min(k, similarity.shape[1]), dim=1)
        return similarity, index.gather(1, order)

    def _most_overlapping(self, length: int) -> int:
        """The largest number of windows of the bank that can overlap one window."""
        ordered = self.starts.sort().values
        first_apart = torch.searchsorted(ordered, ordered + 2 * length - 1)
        ahead = first_apart - torch.arange(len(ordered), device=ordered.device)
        return int(ahead.max()) if len(ordered) else 0


def _encoded(windows: Windows, encoder: Encoder) -> Iterator[Tensor]:
    """The flat embeddings (n, K * D) of windows, in blocks."""
    for first in range(0, len(windows), ENCODED_AT_ONCE):
        with torch.no_grad():
            yield encoder.encode(windows.take(slice(first, first + ENCODED_AT_ONCE))).z.flatten(1)


def _lies_on_disk(rules: Rules, n_windows: int, device: torch.device) -> bool:
    """Whether the keys of a bank are only kept in a file, from which an index is built."""
    return rules.key_size is None and device.type == "cpu" and uses_index(rules.search, n_windows, device)
