"""Masked losses: what is minimised over the cells that were hidden."""

from __future__ import annotations

import torch
from torch import Tensor

CLASSES = 8  # distances 1, 2-3, 4-7, 8-15 ... steps to the nearest observed cell of the column
MEMORY = 0.98  # of the running error of a class, per batch
BALANCE = 0.8  # 0: every cell counts the same; 1: every distance class counts the same


def masked_mse(estimate: Tensor, target: Tensor, cells: Tensor) -> Tensor:
    """Mean squared error over `cells`; `target` may hold NaN elsewhere."""
    return _squared_error(estimate, target, cells).sum() / cells.sum().clamp(min=1)


class BalancedLoss:
    """Masked MSE in which cells near an observed one are not drowned out by those far from any.

    An error far inside a gap is tens of times larger than beside an observed cell, so a plain mean over all patterns
    teaches long gaps only. Each cell is weighted by (running error of its distance class) ** -BALANCE, and the weights
    of a batch are scaled to a mean of one.
    """

    def __init__(self, device: torch.device) -> None:
        self.error = torch.ones(CLASSES, device=device)

    def __call__(self, estimate: Tensor, target: Tensor, cells: Tensor, distance: Tensor) -> Tensor:
        """The loss over `cells`; all (B, L, C), `distance` in steps to the nearest observed cell."""
        error = _squared_error(estimate, target, cells)
        kind = distance.clamp(min=1).log2().long().clamp(max=CLASSES - 1)
        counts = torch.zeros_like(self.error).scatter_add_(0, kind[cells], torch.ones_like(error[cells]))
        self._remember(error.detach()[cells], kind[cells], counts)
        weight = self.error.clamp(min=1e-6) ** -BALANCE
        weight = weight * counts.sum() / (weight * counts).sum().clamp(min=1e-12)
        return (error * weight[kind]).sum() / cells.sum().clamp(min=1)

    def _remember(self, error: Tensor, kind: Tensor, counts: Tensor) -> None:
        mean = torch.zeros_like(self.error).scatter_add_(0, kind, error) / counts.clamp(min=1)
        self.error = torch.where(counts > 0, MEMORY * self.error + (1 - MEMORY) * mean, self.error)


def _squared_error(estimate: Tensor, target: Tensor, cells: Tensor) -> Tensor:
    return torch.where(cells, estimate - torch.where(cells, target, 0.0), 0.0).square()
