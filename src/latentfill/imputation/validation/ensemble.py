"""The weight of each candidate, by column and kind of gap, from errors on held-out cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.validation.cells import KINDS, Cells
from latentfill.imputation.validation.prior_gains import OTHER_FILES, PriorGains
from latentfill.imputation.validation.shrinkage import blend_shares
from latentfill.imputation.validation.simplex import simplex_weights

PRIOR_CELLS = 100.0  # prior cells that a group takes over from its column and its kind of gap
CLEAR = 2.0  # standard errors by which a single candidate must be better to replace a blend
WITHIN_GAP = 0.2  # correlation of errors within a gap: n cells of one gap count as n / (1 + (n - 1) * WITHIN_GAP)


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """A weighted mean of K candidates; weights are not negative and sum to one for each column and kind of gap.

    Stacked regression with weights on a simplex (Wolpert 1992; Breiman 1996). The first candidate is the plain
    one: the others get weight only as far as held-out gaps show a gain beyond chance (see `shrinkage`).
    """

    weight: FloatArray  # (K, C, KINDS)

    @classmethod
    def fit(cls, errors: FloatArray, cells: Cells, prior: PriorGains = OTHER_FILES) -> Ensemble:
        """Fit to the errors (K, M) of the candidates on M held-out cells.

        The cells of one column and kind of gap form a group, whose weights minimise its mean squared error. Groups with
        few cells are shrunk to their column and kind of gap, which are in turn shrunk to all cells. Without any cell,
        all weights are equal. Where few gaps test a blend, `prior` says how far it goes; the plain candidate has the
        rest (see `blend_shares`).
        """
        plain = np.eye(len(errors))[0]
        best = simplex_weights(_shrunk_products(errors, cells))  # (C, KINDS, K)
        best_error = (best[cells.column, cells.kind].T * errors).sum(axis=0)
        share = blend_shares(errors[0], best_error, cells, prior)[..., None]
        return cls(np.moveaxis(share * best + (1 - share) * plain, -1, 0))

    def not_worse_than_one(self, errors: FloatArray, cells: Cells) -> Ensemble:
        """The same, but for columns in which a single candidate has smaller errors (K, M) on held-out `cells`.

        A column in which the plain candidate has a smaller squared error gets that one, and a column in which the best
        candidate has an error that is smaller by more than `CLEAR` standard errors, from gap to gap, gets the best.
        """
        blend = (self.at(cells) * errors).sum(axis=0)
        weight = self.weight.copy()
        for c in np.unique(cells.column):
            gap = np.unique(cells.gap_number[in_column := cells.column == c], return_inverse=True)[1]
            excess = np.stack([np.bincount(gap, blend[in_column] ** 2 - each[in_column] ** 2) for each in errors])
            total, error = excess.sum(axis=1), np.sqrt(excess.shape[1]) * excess.std(axis=1)
            best = int(total.argmax())
            if total[0] > 0 or total[best] > CLEAR * error[best] > 0:
                weight[:, c] = np.eye(len(errors))[0 if total[0] > 0 else best][:, None]
        return Ensemble(weight)

    @classmethod
    def only(cls, candidate: int, n_candidates: int, n_columns: int) -> Ensemble:
        """An ensemble with all the weight on one candidate."""
        weight = np.zeros((n_candidates, n_columns, KINDS))
        weight[candidate] = 1.0
        return cls(weight)

    def among(self, chosen: Sequence[int], n_candidates: int) -> Ensemble:
        """An ensemble of `n_candidates`: the candidates at indices `chosen` keep these weights, all others get 0."""
        weight = np.zeros((n_candidates, *self.weight.shape[1:]))
        weight[list(chosen)] = self.weight
        return Ensemble(weight)

    def apply(self, estimates: FloatArray, cells: Cells) -> FloatArray:
        """Weighted mean (M,) of the candidates' estimates (K, M) of `cells`; NaN where no candidate has one.

        The weight of a candidate without an estimate (NaN) is shared by the others in proportion to their weights. If
        all candidates with an estimate have weight 0, the result is their unweighted mean.
        """
        known = ~np.isnan(estimates)
        weight = self._weight(known, cells)
        total = weight.sum(axis=0)
        mean: FloatArray = np.full(total.shape, np.nan)
        np.divide((weight * np.nan_to_num(estimates)).sum(axis=0), total, out=mean, where=total > 0)
        return mean

    def shares(self, known: BoolArray, cells: Cells) -> FloatArray:
        """The share (K, M) of each candidate in the mean of `apply`; `known` (K, M) says which have an estimate."""
        weight = self._weight(known, cells)
        return np.asarray(weight / np.maximum(weight.sum(axis=0), 1e-300))

    def _weight(self, known: BoolArray, cells: Cells) -> FloatArray:
        weight = np.where(known, self.at(cells), 0.0)
        unweighted = weight.sum(axis=0) == 0
        return np.where(unweighted & known, 1.0, weight)

    def at(self, cells: Cells) -> FloatArray:
        """The weights of the candidates in each of the `cells`, (K, M)."""
        return np.asarray(self.weight[:, cells.column, cells.kind])

    def to_dict(self) -> dict[str, object]:
        """The weights as JSON values, the inverse of `from_dict`."""
        return {"weight": self.weight.tolist()}

    @classmethod
    def from_dict(cls, state: Mapping[str, object]) -> Ensemble:
        """The ensemble that `state` was taken from."""
        return cls(np.array(state["weight"], dtype=float))


def _shrunk_products(errors: FloatArray, cells: Cells) -> FloatArray:
    """Sums of products of errors (K, M) by column and kind of gap, (C, KINDS, K, K), shrunk to wider groups."""
    k, at = len(errors), (cells.column, cells.kind)
    effective = 1 / (1 + (cells.gap_sizes - 1) * WITHIN_GAP)  # effective number of cells: design effect, Kish 1965
    count = np.zeros((cells.n_columns, KINDS))
    np.add.at(count, at, effective)
    products = np.zeros((cells.n_columns, KINDS, k, k))
    for i in range(k):
        for j in range(k):
            np.add.at(products[:, :, i, j], at, effective * errors[i] * errors[j])
    all_cells = _shrunk(products.sum((0, 1)), count.sum(), np.eye(k))
    by_kind = _shrunk(products.sum(0), count.sum(0), all_cells)
    by_column = _shrunk(products.sum(1), count.sum(1), all_cells)
    return _shrunk(products, count, _with_unit_trace(by_column)[:, None] + _with_unit_trace(by_kind)[None])


def _shrunk(products: FloatArray, count: FloatArray, wider: FloatArray) -> FloatArray:
    """Sums of products of errors (..., K, K) over `count` (...) cells, plus `PRIOR_CELLS` cells of a wider group.

    The errors of the wider group are rescaled to the mean squared error of this group, because an error that is small
    in one column may be large in another.
    """
    size = np.trace(products, axis1=-2, axis2=-1) / np.maximum(count, 1)
    size = np.where(np.asarray(count) > 0, size, 1.0)[..., None, None]
    return products + PRIOR_CELLS * size * _with_unit_trace(wider)


def _with_unit_trace(products: FloatArray) -> FloatArray:
    """Matrices (..., K, K) scaled to a trace of one; matrices with a trace of zero are not changed."""
    trace = np.trace(products, axis1=-2, axis2=-1)[..., None, None]
    return products / np.where(trace > 0, trace, 1.0)
