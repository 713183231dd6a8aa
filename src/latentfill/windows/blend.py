"""Blends overlapping windows into one series: the inverse of `cut`."""

from __future__ import annotations

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, IntArray


def taper(length: int) -> FloatArray:
    """Weight of each step of a window in the blend, shape (L,): highest in the middle, above zero at both ends."""
    if length < 1:
        raise InputError(f"a window needs at least 1 step, got length={length}.")
    return np.hanning(length + 2)[1:-1]  # a plain Hann window ends in zeros


def blend(estimates: FloatArray, starts: IntArray, n_steps: int, weights: FloatArray) -> FloatArray:
    """Weighted mean (T, C) of the `estimates` (N, L, C) of overlapping windows; `weights` (L,) are by step of a window.

    The mean leaves NaN out; a cell is NaN if no window has an estimate for it.
    """
    _check(estimates, starts, n_steps, weights)
    total = np.zeros((n_steps, estimates.shape[2]))
    weight = np.zeros_like(total)
    are_distinct = len(np.unique(starts)) == len(starts)
    for offset, step_weight in enumerate(weights):
        estimate = estimates[:, offset]
        has_estimate = ~np.isnan(estimate)
        _add_rows(total, starts + offset, np.where(has_estimate, step_weight * estimate, 0.0), are_distinct)
        _add_rows(weight, starts + offset, np.where(has_estimate, step_weight, 0.0), are_distinct)
    return np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)


def _add_rows(total: FloatArray, rows: IntArray, added: FloatArray, are_distinct: bool) -> None:
    """Add the rows `added` to `total` at `rows`; `are_distinct`: no row number occurs twice."""
    if are_distinct:
        total[rows] += added
    else:  # `+=` would add only once to a repeated row; `add.at` is right but many times slower
        np.add.at(total, rows, added)


def _check(estimates: FloatArray, starts: IntArray, n_steps: int, weights: FloatArray) -> None:
    n_windows, length, _ = estimates.shape
    problems = []
    if len(starts) != n_windows:
        problems.append(f"{n_windows} windows but {len(starts)} starts")
    if weights.shape != (length,):
        problems.append(f"windows of {length} steps but weights of shape {weights.shape}")
    if not (weights > 0).all():
        problems.append("weights must be above zero")
    if len(starts) and (starts.min() < 0 or starts.max() + length > n_steps):
        problems.append(
            f"windows of {length} steps start at {starts.min()} to {starts.max()}, but the series has {n_steps} steps"
        )
    if problems:
        raise InputError("blend: " + "; ".join(problems))
