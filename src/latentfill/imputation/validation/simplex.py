"""Quadratic minimisation over weights that are not negative and sum to one."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from latentfill.core.series import FloatArray

MOST_FOR_SUBSETS = 8  # most candidates for which all subsets are tried; more would take too long
RELATIVE_FLOOR = 1e-9  # share of the trace that is added to the diagonal, for candidates with equal errors


def simplex_weights(gram: FloatArray) -> FloatArray:
    """The w with w >= 0 and sum(w) = 1 that minimise w.G.w, for positive semidefinite matrices G (..., K, K)."""
    k = gram.shape[-1]
    if k <= MOST_FOR_SUBSETS:
        return best_of_subsets(gram)
    return np.stack([by_least_squares(matrix) for matrix in gram.reshape(-1, k, k)]).reshape(gram.shape[:-1])


def best_of_subsets(gram: FloatArray) -> FloatArray:
    """The weights (..., K) of many matrices at once, found by trying all subsets of the K candidates.

    On a subset the best weights with sum one have a closed form; the best subset without a negative weight wins.
    """
    k = gram.shape[-1]
    best: FloatArray = np.full((*gram.shape[:-2], k), 1.0 / k)
    least = np.full(gram.shape[:-2], np.inf)
    floor: FloatArray = RELATIVE_FLOOR * np.trace(gram, axis1=-2, axis2=-1)[..., None, None] * np.eye(
        k
    ) + 1e-300 * np.eye(k)
    for size in range(1, k + 1):
        for subset in combinations(range(k), size):
            rows, columns = np.ix_(subset, subset)
            ones = np.ones((*gram.shape[:-2], size, 1))
            free = np.linalg.solve((gram + floor)[..., rows, columns], ones)[..., 0]
            share = free / free.sum(axis=-1, keepdims=True)
            weight = np.zeros_like(best)
            weight[..., subset] = share
            value = np.einsum("...i,...ij,...j->...", weight, gram, weight)
            better = (share >= 0).all(axis=-1) & (value < least * (1 - 1e-12))
            best[better], least[better] = weight[better], value[better]
    return np.asarray(best)


def by_least_squares(gram: FloatArray) -> FloatArray:
    """The weights (K,) of one matrix (K, K), found by non-negative least squares (Lawson and Hanson 1974).

    For w = t u with u on the simplex, min over t of u.G.u t^2 + (t - 1)^2 grows with u.G.u. So the w >= 0 that minimise
    |R w|^2 + (sum(w) - 1)^2, where G = R'R, are a multiple of the weights.
    """
    from scipy.optimize import nnls  # takes a while to import

    k, trace = len(gram), float(np.trace(gram))
    if trace <= 0:
        return np.asarray(np.eye(k)[0])  # no candidate has an error: the first one
    root = np.linalg.cholesky(gram / trace + RELATIVE_FLOOR * np.eye(k)).T
    weight, _ = nnls(np.vstack([root, np.ones(k)]), np.append(np.zeros(k), 1.0))
    return np.asarray(weight / weight.sum())
