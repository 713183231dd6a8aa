"""Losses over the hidden cells of a batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

BALANCE = 0.8  # 0: cells count by their squared error; 1: all cells count the same, however large their errors
OUTLIER = 1.5  # spreads; larger errors count linearly
LEAST_SPREAD_IN_LOSS = 0.02  # scaled units; smaller spreads count as this one


class Loss(NamedTuple):
    """A weighted mean of the losses of cells. Its parts let several batches, or processes, have one mean of all."""

    total: Tensor  # sum of the weighted losses
    weight: Tensor  # sum of the weights

    @property
    def mean(self) -> Tensor:
        """The mean; 0 without cells."""
        return self.over(self.weight)

    def over(self, weight: Tensor) -> Tensor:
        """The total over another sum of weights."""
        return self.total / weight.clamp(min=1e-12)

    @classmethod
    def of_mean(cls, mean: Tensor) -> Loss:
        """A loss of which only the mean is known; in several processes, each mean counts the same."""
        return cls(mean, torch.ones_like(mean.detach()))


def masked_mse(estimate: Tensor, target: Tensor, cells: Tensor) -> Loss:
    """Mean squared error over `cells`; `target` may hold NaN elsewhere."""
    return Loss(_error(estimate, target, cells).square().sum(), cells.sum())


def balanced_huber(estimate: Tensor, target: Tensor, cells: Tensor, spread: Tensor) -> Loss:
    """Weighted mean of the Huber loss (Huber 1964) over `cells` with errors of very different size; all (B, L, C).

    `spread` is the expected standard deviation of a cell's error, scaled units. A cell's weight is
    spread ** (-2 * BALANCE): errors deep inside a gap are tens of times larger than errors beside an observed cell,
    and in a plain mean only long gaps would count. `target` may hold NaN outside `cells`.
    """
    error, spread = _error(estimate, target, cells), spread.clamp(min=LEAST_SPREAD_IN_LOSS)
    size = error.abs() / spread
    loss = torch.where(size < OUTLIER, size.square(), 2 * OUTLIER * size - OUTLIER**2) * spread.square()
    weight = torch.where(cells, spread ** (-2 * BALANCE), 0.0)
    return Loss((weight * loss).sum(), weight.sum())


def _error(estimate: Tensor, target: Tensor, cells: Tensor) -> Tensor:
    return torch.where(cells, estimate - torch.where(cells, target, 0.0), 0.0)
