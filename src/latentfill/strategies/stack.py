"""How far to trust each estimate, per column and kind of gap, learnt on held-out cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from latentfill.gaps import BUCKET_NAMES, beside, bucket_of, gap_lengths
from latentfill.series import FloatArray, IntArray

PRIOR_CELLS = 30.0  # how many held-out cells the wider groups count for
ENOUGH_CELLS = 30  # of a group's own, from which on the weights must not do worse than the plain candidate on them
ENOUGH_GAPS = 20  # of a group's own, from which on they must do better, and not by one lucky gap
EXACT_GAPS = 5  # from which on a plain candidate that is exactly right in all of them is left alone
SURE = 1.0  # standard errors that the gain must be above zero
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
class Stack:
    """A weighted mean of K candidates, weights non-negative with sum one, for each column and kind of gap.

    Stacked generalisation with the weights on a simplex (Wolpert 1992; Breiman 1996). The first candidate is the plain
    one: a group in whose own held-out gaps the mean does worse, or better by what may be chance, gets nothing else.
    """

    weight: FloatArray  # (K, C, KINDS)

    @classmethod
    def fit(cls, errors: FloatArray, column: IntArray, kind: IntArray, gap: IntArray, columns: int) -> Stack:
        """From the errors (K, M) of the candidates on M held-out cells, and the column, kind and number of each one's
        gap.

        A group's weights minimise its mean squared error. With few cells it is drawn to what its column and its kind
        are like, and those to everything; without any evidence all candidates count the same.
        """
        k = len(errors)
        count = np.zeros((columns, KINDS))
        np.add.at(count, (column, kind), 1.0)
        gram = np.zeros((columns, KINDS, k, k))  # sums of products of errors
        for i in range(k):
            for j in range(k):
                np.add.at(gram[:, :, i, j], (column, kind), errors[i] * errors[j])
        everything = _drawn(gram.sum((0, 1)), count.sum(), np.eye(k))
        of_kind = _drawn(gram.sum(0), count.sum(0), everything)
        of_column = _drawn(gram.sum(1), count.sum(1), everything)
        wider = _unit(of_column)[:, None] + _unit(of_kind)[None]
        weight = _simplex_weights(_drawn(gram, count, wider))
        own = np.einsum("cbi,cbij,cbj->cb", weight, gram, weight)
        mean = (weight[column, kind].T * errors).sum(axis=0)
        gaps, standard = _gains(errors[0] ** 2 - mean**2, column, kind, gap, columns)
        plain = gram[:, :, 0, 0]
        worse = ((count >= ENOUGH_CELLS) & (own >= plain)) | ((gaps >= EXACT_GAPS) & (plain == 0))
        weight[worse | ((gaps >= ENOUGH_GAPS) & (standard <= SURE))] = np.eye(k)[0]
        return cls(np.moveaxis(weight, -1, 0))

    @classmethod
    def only(cls, candidate: int, candidates: int, columns: int) -> Stack:
        """All the weight on one of the candidates."""
        weight = np.zeros((candidates, columns, KINDS))
        weight[candidate] = 1.0
        return cls(weight)

    def among(self, chosen: Sequence[int], candidates: int) -> Stack:
        """The same weights for the chosen ones of more candidates, none for the others."""
        weight = np.zeros((candidates, *self.weight.shape[1:]))
        weight[list(chosen)] = self.weight
        return Stack(weight)

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
    def from_dict(cls, state: Mapping[str, list[list[list[float]]]]) -> Stack:
        return cls(np.array(state["weight"], dtype=float))


def _gains(
    gain: FloatArray, column: IntArray, kind: IntArray, gap: IntArray, columns: int
) -> tuple[IntArray, FloatArray]:
    """How many gaps each group has, and how many standard errors its total gain is above zero, (C, KINDS) each.

    Cells of one gap go right or wrong together, so each gap counts as one draw.
    """
    group = column * KINDS + kind
    (own, _), index = np.unique(np.stack([group, gap]), axis=1, return_inverse=True)
    of_gap = np.bincount(index, weights=gain, minlength=len(own))
    total, square, gaps = (
        np.bincount(own, weights=weights, minlength=columns * KINDS).reshape(columns, KINDS)
        for weights in (of_gap, of_gap**2, np.ones(len(own)))
    )
    return gaps.astype(np.int64), total / np.sqrt(np.maximum(square, 1e-300))


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
    return gram + PRIOR_CELLS * size * _unit(wider)


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
