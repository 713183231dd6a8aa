"""The windows of the series that lie nearest in embedding space, and what they say about a window's hidden cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.config import Match, Metric, SearchKind, Weights
from latentfill.embeddings.protocols.encoder import Encoder, tensor
from latentfill.strategies.neighbours.search import Exact, Faiss, Search
from latentfill.windows.windows import Windows

KEY_SIZE = 64  # principal components of the embeddings that windows are compared by
BANK_STRIDE = 4  # steps between the windows that are kept
COSTLY_STRIDE = 24  # the same for a costly encoder, at least; as many as between windows that are filled by default
BANK_CELLS = 1 << 24  # most cells kept
ENCODED_AT_ONCE = 512  # windows
GATHERED_AT_ONCE = 1 << 23  # neighbours' cells
SHARPNESS = 2.0  # how much more a neighbour counts that fits the observed cells better


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How neighbours are found, and how what they say is averaged."""

    key_size: int | None = KEY_SIZE  # principal components that windows are compared by; None: the whole embedding
    metric: Metric = "cosine"
    search: SearchKind = "exact"
    overlapping: bool = False  # whether windows that overlap the one looked at take part
    match: Match = "level"  # what a neighbour is brought to: the level of the window, its level and scale, or nothing
    weights: Weights = "fit"  # by how well it fits the observed cells, by likeness of the embeddings, or all the same
    temperature: float = 0.1  # of weights by likeness: a cosine, or a share of the nearest one's squared distance
    stride: int = BANK_STRIDE  # steps between the windows that are kept
    cells: int = BANK_CELLS  # most cells kept


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """What the k nearest windows say of B windows of L steps and C columns."""

    values: Tensor  # (B, k, L, C) matched to the window
    weight: Tensor  # (B, k, L, C) 0 where a neighbour has nothing to say, NaN where none has, else with sum one over k
    index: Tensor  # (B, k) which windows of the bank


class WindowBank(nn.Module):
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

    def __init__(self, size: int, length: int, columns: int, embedding: int, rules: Rules | None = None) -> None:
        super().__init__()
        self.rules = rules or Rules()
        self._search: Search | None = None
        whole = self.rules.key_size is None
        key = embedding if whole else min(self.rules.key_size or 0, size, embedding)
        self.register_buffer("centre", torch.zeros(embedding))
        self.register_buffer("components", torch.zeros(0 if whole else embedding, 0 if whole else key))
        self.register_buffer("keys", torch.zeros(size, key))
        self.register_buffer("values", torch.full((size, length, columns), torch.nan))
        self.register_buffer("starts", torch.zeros(size, dtype=torch.int64))

    @classmethod
    def of(cls, windows: Windows, encoder: Encoder, device: torch.device, rules: Rules | None = None) -> Self:
        """A bank of evenly spaced windows of a series, those without any observed cell left out."""
        rules = rules or Rules()
        length, columns = windows.values.shape[1:]
        most = max(1, rules.cells // (length * columns))
        stride = max(rules.stride, COSTLY_STRIDE) if encoder.shape.costly else rules.stride
        bank = windows.take(slice(None, None, max(stride, -(-len(windows) // most))))
        bank = bank.take(np.nonzero(bank.observed.any(axis=(1, 2)))[0])
        made = cls(len(bank), length, columns, encoder.shape.columns * encoder.shape.dim, rules).to(device)
        if not len(bank):
            return made
        parts = range(0, len(bank), ENCODED_AT_ONCE)
        with torch.no_grad():
            z = torch.cat([encoder.encode(bank.take(slice(i, i + ENCODED_AT_ONCE))).z.flatten(1) for i in parts])
        made.centre.copy_(z.mean(0))
        if rules.key_size is not None:
            made.components.copy_(torch.pca_lowrank(z - made.centre, made.keys.shape[1], center=False)[2])
        made.keys.copy_(made._key(z))
        made.values.copy_(tensor(bank.values, device))
        made.starts.copy_(torch.from_numpy(bank.starts))
        return made

    @property
    def search(self) -> Search:
        """Finds keys; made when first asked for."""
        if self._search is None:
            self._search = (Faiss if self.rules.search == "faiss" else Exact)(self.keys, self.rules.metric)
        return self._search

    def lookup(self, z: Tensor, values: Tensor, observed: Tensor, starts: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Weighted mean and spread (B, L, C) of the `k` nearest windows; NaN where none of them says anything.

        `z` (B, K, D) are the embeddings of windows `values` (B, L, C), read where `observed`, that begin at `starts`.
        """
        cells = values[0].numel() if len(values) else 1
        at_once = max(1, GATHERED_AT_ONCE // (k * cells))
        parts = [slice(first, first + at_once) for first in range(0, len(values), at_once)]
        found = [_mean_and_spread(self.vote(z[p], values[p], observed[p], starts[p], k)) for p in parts]
        means, spreads = zip(*found, strict=True) if found else ((values,), (values,))
        return torch.cat(means), torch.cat(spreads)

    def vote(self, z: Tensor, values: Tensor, observed: Tensor, starts: Tensor, k: int) -> Votes:
        """What each of the `k` nearest windows says of each cell, and how much it counts."""
        likeness, index = self._nearest(self._key(z.flatten(1)), starts, values.shape[1], k)
        theirs = self.values[index]  # (B, k, L, C)
        speak = ~theirs.isnan() & ~likeness.isinf()[:, :, None, None]
        theirs = torch.where(speak, theirs, 0.0)
        both = speak & observed[:, None]
        matched = self._match(theirs, values[:, None], both)
        misfit = torch.where(both, values[:, None] - matched, 0.0).square().sum((2, 3))
        misfit = misfit / both.sum((2, 3)).clamp(min=1)
        weight = self._weights(misfit, both.flatten(2).any(2), likeness)[:, :, None, None] * speak
        return Votes(matched, weight / weight.sum(1, keepdim=True), index)

    def _nearest(self, keys: Tensor, starts: Tensor, length: int, k: int) -> tuple[Tensor, Tensor]:
        """Likeness and index (B, k or fewer) of the windows most like those of `keys`, that begin at `starts`."""
        if self.rules.overlapping:
            return self.search.nearest(keys, k)
        likeness, index = self.search.nearest(keys, k + self._most_overlapping(length))
        apart = (starts[:, None] - self.starts[index]).abs()
        likeness = likeness.masked_fill(apart < length, -torch.inf)
        likeness, order = likeness.topk(min(k, likeness.shape[1]), dim=1)
        return likeness, index.gather(1, order)

    def _most_overlapping(self, length: int) -> int:
        """How many windows of the bank can overlap one window."""
        ordered = self.starts.sort().values
        ahead = torch.searchsorted(ordered, ordered + 2 * length - 1) - torch.arange(
            len(ordered), device=ordered.device
        )
        return int(ahead.max()) if len(ordered) else 0

    def _match(self, theirs: Tensor, values: Tensor, both: Tensor) -> Tensor:
        """Neighbours (B, k, L, C) brought to the level, or level and scale, of the windows, on cells both have."""
        if self.rules.match == "none":
            return theirs
        count = both.sum(2, keepdim=True) + 1  # and one that says there is nothing to change
        shift = torch.where(both, values - theirs, 0.0).sum(2, keepdim=True) / count
        if self.rules.match == "level":
            return theirs + shift
        centre = torch.where(both, theirs, 0.0).sum(2, keepdim=True) / (count - 1).clamp(min=1)
        around = torch.where(both, theirs - centre, 0.0)
        towards = torch.where(both, values - centre - shift, 0.0)
        slope = ((around * towards).sum(2, keepdim=True) + 1) / (around.square().sum(2, keepdim=True) + 1)
        return centre + shift + slope * (theirs - centre)

    def _weights(self, misfit: Tensor, known: Tensor, likeness: Tensor) -> Tensor:
        """How much each neighbour counts, (B, k)."""
        if self.rules.weights == "uniform":
            return torch.ones_like(misfit)
        if self.rules.weights == "fit":
            best = misfit.masked_fill(~known, torch.inf).min(1, keepdim=True).values.clamp(1e-3, 1e3)
            return torch.softmax(-SHARPNESS * misfit / best, dim=1)
        if self.rules.metric == "euclidean":  # in units of the nearest one's squared distance
            likeness = likeness / likeness.abs().amin(1, keepdim=True).clamp(min=1e-6)
        return torch.softmax(likeness.clamp(min=-1e9) / self.rules.temperature, dim=1)

    def _key(self, z: Tensor) -> Tensor:
        key = z - self.centre if self.rules.key_size is None else (z - self.centre) @ self.components
        return nn.functional.normalize(key, dim=1) if self.rules.metric == "cosine" else key


def _mean_and_spread(votes: Votes) -> tuple[Tensor, Tensor]:
    """Weighted mean and standard deviation (B, L, C) of what was heard."""
    mean = (votes.weight * votes.values).sum(1)
    return mean, (votes.weight * (votes.values - mean[:, None]).square()).sum(1).sqrt()
