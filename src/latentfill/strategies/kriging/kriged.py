"""The result of kriging."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Kriged(NamedTuple):
    """Kriging of B windows, all (B, L, C), scaled units, float64."""

    mean: Tensor  # the best linear estimate; where observed, the value itself
    residual: Tensor  # observed value minus its leave-one-out estimate; 0 where missing
    spread: Tensor  # standard deviation of the estimate's error, or where observed, of the residual
