"""How far to trust a strategy over linear interpolation, per column and gap length, learnt on held-out cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.gaps import BUCKET_NAMES, bucket_of
from latentfill.series import FloatArray, IntArray

PRIOR_CELLS = 30.0  # how many average held-out cells the wider group's weight counts for


@dataclass(frozen=True, slots=True, eq=False)
class Trust:
    """estimate = line + weight * (strategy - line), weights in [0, 1], shape (C, buckets).

    A non-negative stack of two candidates: with weight 0 a group is linear interpolation, so no column or gap length
    that was held out gets worse than it beyond noise.
    """

    weight: FloatArray

    @classmethod
    def fit(
        cls, estimate: FloatArray, line: FloatArray, truth: FloatArray, column: IntArray, bucket: IntArray, columns: int
    ) -> Trust:
        """Least squares over held-out cells (all arrays (K,)), each group drawn to its wider one: the bucket over all
        columns, then everything, then one half."""
        moved, wanted = estimate - line, truth - line
        size = float(np.mean(moved**2)) if moved.size else 0.0
        everything = _ridge(moved, wanted, 0.5, size)
        weight = np.empty((columns, len(BUCKET_NAMES)))
        for b in range(len(BUCKET_NAMES)):
            in_bucket = bucket == b
            of_bucket = _ridge(moved[in_bucket], wanted[in_bucket], everything, size)
            for c in range(columns):
                cells = in_bucket & (column == c)
                weight[c, b] = _ridge(moved[cells], wanted[cells], of_bucket, size)
        return cls(weight)

    def apply(self, estimate: FloatArray, line: FloatArray, lengths: IntArray) -> FloatArray:
        """Weighted (T, C) estimate; `lengths` (T, C) are gap lengths, 0 in observed cells."""
        return line + self.of_cells(lengths) * (estimate - line)

    def of_cells(self, lengths: IntArray) -> FloatArray:
        """The weight each cell gets, (T, C)."""
        buckets = bucket_of(np.maximum(lengths, 1))
        return self.weight[np.arange(lengths.shape[1]), buckets]

    def to_dict(self) -> dict[str, list[list[float]]]:
        return {"weight": self.weight.tolist()}

    @classmethod
    def from_dict(cls, state: Mapping[str, list[list[float]]]) -> Trust:
        return cls(np.array(state["weight"], dtype=float))


def _ridge(moved: FloatArray, wanted: FloatArray, prior: float, size: float) -> float:
    """The weight in [0, 1] that brings `moved` closest to `wanted`, drawn to `prior`."""
    pull = PRIOR_CELLS * size
    total = float(np.sum(moved**2)) + pull
    if total <= 0:
        return prior
    return float(np.clip((np.sum(moved * wanted) + pull * prior) / total, 0.0, 1.0))
