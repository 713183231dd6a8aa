"""How far to trust each estimate, per column and kind of gap, learnt on held-out cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.shrinkage import shares_of_the_way
from latentfill.windows.gaps import BUCKET_NAMES, beside, bucket_of, gap_lengths

PRIOR_CELLS_OF_WEIGHTS = 30.0  # how many held-out cells the wider groups count for
ALIKE = 0.2  # correlation of what cells of one gap tell: a gap of n cells counts as n / (1 + (n - 1) * ALIKE)
KINDS = 2 * len(BUCKET_NAMES)  # of gaps: by length, and once more those between two equal values


def kind_of(values: FloatArray) -> IntArray:
    """The kind of gap that each cell of a series (T, C) lies in, or would if it were missing.

    Between two equal values a column that often stays where it is, as rain does at zero, is likely to have stayed.
    """
    sides = beside(values)
    flat = sides.before == sides.after
    kind: IntArray = bucket_of(np.maximum(gap_lengths(~np.isnan(values)), 1)) + len(BUCKET_NAMES) * flat
    return kind


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """A weighted mean of K candidates, weights non-negative with sum one, for each column and kind of gap.

    Stacked generalisation with the weights on a simplex (Wolpert 1992; Breiman 1996). The first candidate is the plain
    one: a group leaves it only as far as held-out gaps, its own and those of columns alike, say that this is better by
    more than chance.
    """

    weight: FloatArray  # (K, C, KINDS)

    @classmethod
    def fit(cls, errors: FloatArray, column: IntArray, kind: IntArray, gap: IntArray, columns: int) -> Ensemble:
        """From the errors (K, M) of the candidates on M held-out cells, and the column, kind and number of each one's
        gap.

        A group's weights minimise its mean squared error. With few cells it is drawn to what its column and its kind
        are like, and those to everything; without any evidence all candidates count the same.
        """
        k = len(errors)
        counts = _counts(column, gap)
        count = np.zeros((columns, KINDS))
        np.add.at(count, (column, kind), counts)
        gram = np.zeros((columns, KINDS, k, k))  # sums of products of errors
        for i in range(k):
            for j in range(k):
                np.add.at(gram[:, :, i, j], (column, kind), counts * errors[i] * errors[j])
        everything = _drawn(gram.sum((0, 1)), count.sum(), np.eye(k))
        of_kind = _drawn(gram.sum(0), count.sum(0), everything)
        of_column = _drawn(gram.sum(1), count.sum(1), everything)
        wider = _unit(of_column)[:, None] + _unit(of_kind)[None]
        weight = _simplex_weights(_drawn(gram, count, wider))
        mean = (weight[column, kind].T * errors).sum(axis=0)
        share = shares_of_the_way(errors[0], mean, column, kind, gap, (columns, KINDS))
        weight = share[..., None] * weight + (1 - share[..., None]) * np.eye(k)[0]
        return cls(np.moveaxis(weight, -1, 0))

    @classmethod
    def only(cls, candidate: int, candidates: int, columns: int) -> Ensemble:
        """All the weight on one of the candidates."""
        weight = np.zeros((candidates, columns, KINDS))
        weight[candidate] = 1.0
        return cls(weight)

    def among(self, chosen: Sequence[int], candidates: int) -> Ensemble:
        """The same weights for the chosen ones of more candidates, none for the others."""
        weight = np.zeros((candidates, *self.weight.shape[1:]))
        weight[list(chosen)] = self.weight
        return Ensemble(weight)

    def apply(self, estimates: FloatArray, kinds: IntArray) -> FloatArray:
        """Weighted mean (..., C) of the candidates' estimates (K, ..., C) of cells in gaps of these `kinds` (..., C).

        Where a candidate says nothing (NaN) the others share its weight; NaN where all are silent.
        """
        weight = np.where(np.isnan(estimates), 0.0, self.of_cells(kinds))
        silent = weight.sum(axis=0) == 0
        plain = np.where(silent & ~np.isnan(estimates), 1.0, weight)  # only candidates of weight zero speak
        total = plain.sum(axis=0)
        mean: FloatArray = np.full(total.shape, np.nan)
        np.divide((plain * np.nan_to_num(estimates)).sum(axis=0), total, out=mean, where=total > 0)
        return mean

    def of_cells(self, kinds: IntArray) -> FloatArray:
        """The weights each cell gets, (K, ..., C), by the kind (..., C) of its gap."""
        return self.weight[:, np.arange(kinds.shape[-1]), kinds]

    def to_dict(self) -> dict[str, object]:
        return {"weight": self.weight.tolist()}

    @classmethod
    def from_dict(cls, state: Mapping[str, list[list[list[float]]]]) -> Ensemble:
        return cls(np.array(state["weight"], dtype=float))


def _counts(column: IntArray, gap: IntArray) -> FloatArray:
    """How much each of M cells counts: those of one gap tell much the same (the design effect of Kish 1965)."""
    _, index, size = np.unique(np.stack([column, gap]), axis=1, return_inverse=True, return_counts=True)
    return np.asarray(1 / (1 + (size - 1) * ALIKE)[index])


def _unit(gram: FloatArray) -> FloatArray:
    """Matrices (..., K, K) scaled to a trace of one."""
    trace = np.trace(gram, axis1=-2, axis2=-1)[..., None, None]
    return gram / np.where(trace > 0, trace, 1.0)


def _drawn(gram: FloatArray, count: FloatArray, wider: FloatArray) -> FloatArray:
    """Sums of products of errors (..., K, K) over `count` cells, with `PRIOR_CELLS` like those of a wider group.

    The wider group lends its shape, not its size: what is small for one column is large for another.
    """
    size = np.trace(gram, axis1=-2, axis2=-1) / np.maximum(count, 1)
    size = np.where(np.asarray(count) > 0, size, 1.0)[..., None, None]
    return gram + PRIOR_CELLS_OF_WEIGHTS * size * _unit(wider)


def _simplex_weights(gram: FloatArray) -> FloatArray:
    """The w >= 0 with sum one that minimise w.G.w, for matrices (..., K, K): the best of all subsets."""
    k = gram.shape[-1]
    best = np.full((*gram.shape[:-2], k), 1.0 / k)
    least = np.full(gram.shape[:-2], np.inf)
    floor = 1e-9 * np.trace(gram, axis1=-2, axis2=-1)[..., None, None] * np.eye(k) + 1e-300 * np.eye(k)
    for size in range(1, k + 1):
        for subset in combinations(range(k), size):
            index = np.ix_(subset, subset)
            free = np.linalg.solve((gram + floor)[..., index[0], index[1]], np.ones((*gram.shape[:-2], size, 1)))[
                ..., 0
            ]
            share = free / free.sum(axis=-1, keepdims=True)
            weight = np.zeros_like(best)
            weight[..., subset] = share
            value = np.einsum("...i,...ij,...j->...", weight, gram, weight)
            better = (share >= 0).all(axis=-1) & (value < least * (1 - 1e-12))
            best[better], least[better] = weight[better], value[better]
    return best
