"""Ridge regressions scored on held-out windows, and significance tests of their scores."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray

FOLDS = 4
PENALTIES = (0.01, 0.1, 1.0, 10.0)  # penalties of the ridge regression, per window
BLOCKS, LEAST_IN_BLOCK = 20, 10  # blocks of consecutive windows, for the standard error


def explained_by_block(inputs: FloatArray, outputs: FloatArray) -> FloatArray:
    """The share of the outputs' variance (n, R) that each block of inputs (n, B, F) adds to earlier blocks, (B, n).

    Shares are cross-validated over n windows in `FOLDS` folds, with the best of `PENALTIES`; for a block that explains
    nothing more their mean is 0 or below. One Cholesky factor gives all nested regressions, as its leading blocks are
    the factors of the smaller regressions.
    """
    from scipy.linalg import solve_triangular  # takes a while to import, as below

    n, blocks, size = inputs.shape
    flat = inputs.reshape(n, -1)
    folds = np.array_split(np.arange(n), FOLDS)
    grams = [(flat[fold].T @ flat[fold], flat[fold].T @ outputs[fold]) for fold in folds]
    gram, cross = (np.sum(parts, axis=0) for parts in zip(*grams, strict=True))
    reductions = np.zeros((len(PENALTIES), blocks, n))
    for fold, (fold_gram, fold_cross) in zip(folds, grams, strict=True):
        for i, penalty in enumerate(PENALTIES):
            penalised = gram - fold_gram + penalty * (n - len(fold)) * np.eye(len(gram))
            factor = np.linalg.cholesky(penalised)
            weights = solve_triangular(factor, cross - fold_cross, lower=True).reshape(blocks, size, -1)
            rotated = solve_triangular(factor, flat[fold].T, lower=True).reshape(blocks, size, -1)
            reductions[i, :, fold] = _error_reductions(rotated, weights, outputs[fold]).T
    best = reductions.sum(axis=(1, 2)).argmax()
    shares: FloatArray = reductions[best] / max(outputs.shape[1], 1)
    return shares


def _error_reductions(inputs: FloatArray, weights: FloatArray, outputs: FloatArray) -> FloatArray:
    """The reduction of each window's squared error by each further block of inputs, (B, n)."""
    remaining = outputs.copy()
    reductions = np.empty((len(inputs), len(outputs)))
    for block, (block_inputs, weight) in enumerate(zip(inputs, weights, strict=True)):
        step = block_inputs.T @ weight
        reductions[block] = (step * (2 * remaining - step)).sum(axis=1)
        remaining -= step
    return reductions


def explained_by_other(
    inputs: FloatArray, outputs: FloatArray, other_inputs: FloatArray, other_outputs: FloatArray
) -> FloatArray:
    """The share of the outputs' variance (n, R) that a regression fitted to other windows explains, (n,)."""
    tested, fitted = (part.reshape(len(part), -1) for part in (inputs, other_inputs))
    gram, cross = fitted.T @ fitted, fitted.T @ other_outputs
    estimates = (
        tested @ np.linalg.solve(gram + penalty * len(fitted) * np.eye(len(gram)), cross) for penalty in PENALTIES
    )
    shares = [(estimate * (2 * outputs - estimate)).sum(axis=1) / max(outputs.shape[1], 1) for estimate in estimates]
    return max(shares, key=lambda share: float(share.mean()))


def p_values(values: FloatArray) -> FloatArray:
    """p-values of a one-sided t-test that the means over windows (..., n) are 0."""
    from scipy.special import stdtr

    mean, error, blocks = _block_statistics(values)
    p: FloatArray = stdtr(blocks - 1, -mean / error)
    return p


def standard_error(values: FloatArray) -> FloatArray:
    """The standard error of means over windows (..., n)."""
    return _block_statistics(values)[1]


def _block_statistics(values: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """Mean, standard error and number of blocks of windows, as consecutive windows are not independent."""
    n = values.shape[-1]
    blocks = int(np.clip(n // LEAST_IN_BLOCK, 2, BLOCKS))
    means = np.stack([part.mean(axis=-1) for part in np.array_split(values, blocks, axis=-1)], axis=-1)
    return means.mean(axis=-1), np.maximum(means.std(axis=-1, ddof=1) / np.sqrt(blocks), 1e-300), blocks
