"""Masked losses: what is minimised over the cells that were hidden."""

from __future__ import annotations

import torch
from torch import Tensor

BALANCE = 0.8  # 0: every cell counts by its squared error; 1: every cell counts the same, however uncertain
OUTLIER = 1.5  # errors beyond so many spreads count linearly
LEAST_SPREAD_IN_LOSS = 0.02  # in scaled units: nothing is known better than this


def masked_mse(estimate: Tensor, target: Tensor, cells: Tensor) -> Tensor:
    """Mean squared error over `cells`; `target` may hold NaN elsewhere."""
    return _error(estimate, target, cells).square().sum() / cells.sum().clamp(min=1)


def balanced_huber(estimate: Tensor, target: Tensor, cells: Tensor, spread: Tensor) -> Tensor:
    """Weighted mean over `cells` of the Huber loss (Huber 1964), for cells of very different certainty; all (B, L, C).

    An error far inside a gap is tens of times larger than one beside an observed cell, so that a plain mean teaches
    long gaps only. `spread` says how large an error is to be expected; a cell's weight is spread ** (-2 * BALANCE).
    """
    error, spread = _error(estimate, target, cells), spread.clamp(min=LEAST_SPREAD_IN_LOSS)
    size = error.abs() / spread
    loss = torch.where(size < OUTLIER, size.square(), 2 * OUTLIER * size - OUTLIER**2) * spread.square()
    weight = torch.where(cells, spread ** (-2 * BALANCE), 0.0)
    return (weight * loss).sum() / weight.sum().clamp(min=1e-12)


def _error(estimate: Tensor, target: Tensor, cells: Tensor) -> Tensor:
    return torch.where(cells, estimate - torch.where(cells, target, 0.0), 0.0)
