"""Dropout whose masks are those of the whole batch, of which a process may have only a share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentfill.nn.distributed import processes


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014) while training."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        return dropout(x, self.share) if self.training and self.share else x


def dropout(x: Tensor, share: float) -> Tensor:
    """`x` (B, ...) with a `share` of its numbers set to 0, and the others raised for it."""
    if processes().alone:
        return nn.functional.dropout(x, share)
    kept = nn.functional.dropout(torch.ones(processes().whole(len(x)), *x.shape[1:], device=x.device), share)
    return x * kept[processes().share(len(kept))]
