"""Correlation of errors between columns at the same step, as factors that the columns share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.seeds import SeedStream
from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.cells import Cells

if TYPE_CHECKING:
    from scipy.sparse import csr_array

EXACT_COLUMNS = 64  # most columns whose correlations are estimated pair by pair
BLOCK = 1 << 14  # times whose pairs are counted at once
FACTORS = 8  # factors of more columns
ROUNDS = 12  # iterations of fitting the factors
MOST_CELLS = 1 << 17  # cells that the factors are fitted to, at most
MOST_SHARED = 0.99  # largest share of a column's variance that the factors explain
PRIOR_CELLS = 20.0  # prior cells without any correlation, which shrink correlations towards zero
LEAST_EIGENVALUE = 1e-3  # smallest eigenvalue of the correlation matrix
JITTER = 1e-6  # added to the diagonal of the correlation matrix before its Cholesky factorisation


def column_loadings(scores: FloatArray, time: IntArray, cells: Cells) -> FloatArray:
    """Loadings (C, F) of the columns on F independent factors of variance one, from normal scores (M,) of errors.

    The correlation of two columns at the same `time` (M,) is the product of their rows. With up to `EXACT_COLUMNS`
    columns, there are C factors, which give the correlation of each pair. Of more columns only `FACTORS` factors are
    kept, so that time and memory grow with C and not with its square.
    """
    if cells.n_columns <= EXACT_COLUMNS:
        return root_of_correlation(_correlation(scores, time, cells))
    known, filled = _by_time(scores, time, cells)
    in_pairs = np.flatnonzero(known.sum(axis=1) > 1)
    chosen = in_pairs[:: 1 + len(scores) // MOST_CELLS]
    return _factor_analysis(known[chosen], filled[chosen])


def root_of_correlation(correlation: FloatArray) -> FloatArray:
    """Loadings (C, C) whose products are the correlation matrix (C, C)."""
    root = np.linalg.cholesky(correlation + JITTER * np.eye(len(correlation)))
    return np.asarray(root / np.sqrt(1 + JITTER))


def _correlation(scores: FloatArray, time: IntArray, cells: Cells) -> FloatArray:
    """Positive definite correlation matrix (C, C) of scores at the same time; few pairs are shrunk to 0."""
    pairs, squares, products = np.zeros((3, cells.n_columns, cells.n_columns))
    for known, filled in _blocks(scores, time, cells):
        pairs += known.T @ known
        squares += (filled**2).T @ known
        products += filled.T @ filled
    size = np.sqrt(squares)
    together = products / np.maximum(size * size.T, 1e-9) * pairs / (pairs + PRIOR_CELLS)
    np.fill_diagonal(together, 1.0)
    value, vector = np.linalg.eigh(together)
    definite = (vector * np.maximum(value, LEAST_EIGENVALUE)) @ vector.T
    scale = np.sqrt(np.diag(definite))
    return np.asarray(definite / np.outer(scale, scale))


def _blocks(scores: FloatArray, time: IntArray, cells: Cells) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield matrices (times, C) of `BLOCK` times at once: one at the M known scores, and the scores themselves."""
    steps, row = np.unique(time, return_inverse=True)
    order = np.argsort(row, kind="stable")
    ends = np.searchsorted(row[order], np.arange(0, len(steps) + BLOCK, BLOCK))
    for block, (start, stop) in enumerate(pairwise(ends.tolist())):
        chosen = order[start:stop]
        at = (row[chosen] - block * BLOCK, cells.column[chosen])
        known, filled = np.zeros((2, min(BLOCK, len(steps) - block * BLOCK), cells.n_columns))
        known[at], filled[at] = 1.0, scores[chosen]
        yield known, filled


def _by_time(scores: FloatArray, time: IntArray, cells: Cells) -> tuple[csr_array, csr_array]:
    """Sparse matrices (times, C): one at the M known scores, and the scores themselves."""
    from scipy.sparse import csr_array

    steps, row = np.unique(time, return_inverse=True)
    shape, at = (len(steps), cells.n_columns), (row, cells.column)
    return csr_array((np.ones(len(scores)), at), shape=shape), csr_array((scores, at), shape=shape)


def _factor_analysis(known: csr_array, filled: csr_array) -> FloatArray:
    """Loadings (C, FACTORS) of scores of variance one, some of which are missing; few cells are shrunk to 0.

    Expectation maximisation (Rubin and Thayer 1982). Rescaling the factors to variance one in each round makes it fast
    (parameter expansion, Liu, Rubin and Wu 1998) and keeps the prior from shrinking all loadings at once.
    """
    columns = known.shape[1]
    loading = SeedStream.ERROR_FACTORS.generator(0).normal(scale=0.5 / np.sqrt(FACTORS), size=(columns, FACTORS))
    for _ in range(ROUNDS if known.shape[0] else 0):
        mean, square = _expected_factors(loading, known, filled)
        gram = (known.T @ square.reshape(len(square), -1)).reshape(columns, FACTORS, FACTORS)
        loading = np.linalg.solve(gram + PRIOR_CELLS * np.eye(FACTORS), (filled.T @ mean)[..., None])[..., 0]
        loading = loading @ np.linalg.cholesky(square.mean(axis=0))
        shared = (loading**2).sum(axis=1, keepdims=True)
        loading = loading * np.sqrt(np.minimum(1.0, MOST_SHARED / np.maximum(shared, MOST_SHARED)))
    return loading if known.shape[0] else np.zeros_like(loading)


def _expected_factors(loading: FloatArray, known: csr_array, filled: csr_array) -> tuple[FloatArray, FloatArray]:
    """Means (times, F) of the factors, and means of their products (times, F, F), given the known scores."""
    weight = loading / (1 - (loading**2).sum(axis=1, keepdims=True))
    products = (loading[:, :, None] * weight[:, None, :]).reshape(len(loading), -1)
    precision = np.eye(FACTORS) + (known @ products).reshape(-1, FACTORS, FACTORS)
    variance = np.linalg.inv(precision)
    mean = (variance @ (filled @ weight)[..., None])[..., 0]
    return mean, variance + mean[:, :, None] * mean[:, None, :]
