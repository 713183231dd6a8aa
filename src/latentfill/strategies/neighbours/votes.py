"""Votes: the values that the neighbours of a window suggest for its cells, with weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from latentfill.core.config_settings import Match
from latentfill.strategies.neighbours.rules import Rules

SHARPNESS = 2.0  # how fast weights by fit fall with the misfit, in units of the best neighbour's misfit


class Queries(NamedTuple):
    """B windows of L steps and C columns whose neighbours are searched."""

    z: Tensor  # (B, K, D) embeddings
    values: Tensor  # (B, L, C) scaled, 0 where missing
    observed: Tensor  # (B, L, C) bool
    starts: Tensor  # (B,) first steps

    def take(self, index: slice) -> Queries:
        """The windows at `index`."""
        return Queries(*(part[index] for part in self))


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """The values of the k nearest windows for the cells of B windows of L steps and C columns, with weights."""

    values: Tensor  # (B, k, L, C) matched to the window
    weight: Tensor  # (B, k, L, C) sums to one over k; 0 where a neighbour's cell is missing, NaN where all k are
    index: Tensor  # (B, k) indices of the neighbours in the bank

    @property
    def mean(self) -> Tensor:
        """Weighted mean over the neighbours, (B, L, C); NaN where all neighbours' cells are missing."""
        return (self.weight * self.values).sum(1)

    def mean_and_spread(self) -> tuple[Tensor, Tensor]:
        """Weighted mean and standard deviation over the neighbours, (B, L, C)."""
        mean = self.mean
        return mean, (self.weight * (self.values - mean[:, None]).square()).sum(1).sqrt()


def cast_votes(queries: Queries, neighbours: Tensor, similarity: Tensor, index: Tensor, rules: Rules) -> Votes:
    """Votes of `neighbours` (B, k, L, C), NaN where missing, from their `similarity` and `index` (B, k)."""
    usable = ~neighbours.isnan() & ~similarity.isinf()[:, :, None, None]
    neighbours = torch.where(usable, neighbours, 0.0)
    values, common = queries.values[:, None], usable & queries.observed[:, None]
    matched = match_neighbours(values, neighbours, common, rules.match)
    misfit = torch.where(common, values - matched, 0.0).square().sum((2, 3))
    misfit = misfit / common.sum((2, 3)).clamp(min=1)
    has_common = common.flatten(2).any(2)
    weight = _weights(misfit, has_common, similarity, rules)[:, :, None, None] * usable
    return Votes(matched, weight / weight.sum(1, keepdim=True), index)


def match_neighbours(values: Tensor, neighbours: Tensor, common: Tensor, match: Match) -> Tensor:
    """Neighbours (B, k, L, C) shifted, or shifted and scaled, to fit `values` (B, 1, L, C), column by column.

    The fit uses the cells observed in both windows, `common` (B, k, L, C), and one pseudo-observation of no change,
    which shrinks a fit to few cells.
    """
    if match == "none":
        return neighbours
    count = common.sum(2, keepdim=True) + 1
    shift = torch.where(common, values - neighbours, 0.0).sum(2, keepdim=True) / count
    if match == "level":
        return neighbours + shift
    centre = torch.where(common, neighbours, 0.0).sum(2, keepdim=True) / (count - 1).clamp(min=1)
    x = torch.where(common, neighbours - centre, 0.0)
    y = torch.where(common, values - centre - shift, 0.0)
    slope = ((x * y).sum(2, keepdim=True) + 1) / (x.square().sum(2, keepdim=True) + 1)
    return centre + shift + slope * (neighbours - centre)


def _weights(misfit: Tensor, has_common: Tensor, similarity: Tensor, rules: Rules) -> Tensor:
    """Weights of the neighbours before missing cells are left out, (B, k), like the arguments."""
    if rules.weights == "uniform":
        return torch.ones_like(misfit)
    if rules.weights == "fit":
        best = misfit.masked_fill(~has_common, torch.inf).min(1, keepdim=True).values.clamp(1e-3, 1e3)
        return torch.softmax(-SHARPNESS * misfit / best, dim=1)
    if rules.metric == "euclidean":  # in units of the smallest squared distance
        similarity = similarity / similarity.abs().amin(1, keepdim=True).clamp(min=1e-6)
    return torch.softmax(similarity.clamp(min=-1e9) / rules.temperature, dim=1)
