"""Recurrence: how far a column's deviation from its level recurs at the same phase of the cycles before and after.

The mean cycle is the same all year; yesterday's and tomorrow's deviations from it tell how the cycle runs now. They
take the place of a lag of one cycle in the autoregression, which would make its matrices a cycle wide.
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.windows.cycles import moving_mean

CYCLES = (1, 2, 3, 7)  # the cycles before and after that are looked at
PRIOR_CELLS = 30.0  # prior cells with coefficients of 0
LONGEST_SHARE = 1 / 3  # of the series: cycles further away are left out


def looked_at(period: int, n_steps: int) -> list[int]:
    """Distances in steps of the cycles that are looked at in a series of `n_steps`."""
    return [period * cycles for cycles in CYCLES if period * cycles <= LONGEST_SHARE * n_steps]


def fit_recurrence(values: FloatArray, smoothed: FloatArray, period: int) -> FloatArray:
    """Coefficients (C, len(CYCLES)) for a series (T, C), NaN where missing, and its smoothed values (T, C)."""
    level = moving_mean(smoothed, period)
    distances = looked_at(period, len(values))
    regressors = _regressors(smoothed - level, distances)
    coefficients = np.zeros((values.shape[1], len(CYCLES)))
    for c in range(values.shape[1] if distances else 0):
        observed = ~np.isnan(values[:, c])
        x, y = regressors[observed, c], (values - level)[observed, c]
        gram = x.T @ x + PRIOR_CELLS * np.eye(len(distances))
        coefficients[c, : len(distances)] = np.linalg.solve(gram, x.T @ y)
    return coefficients


def recurring(smoothed: FloatArray, coefficients: FloatArray, period: int) -> FloatArray:
    """What recurs (..., L, C) in a smoothed series, for coefficients (C, len(CYCLES))."""
    distances = [period * cycles for cycles in CYCLES]
    regressors = _regressors(smoothed - moving_mean(smoothed, period), distances)
    return np.asarray((regressors * coefficients).sum(axis=-1))


def _regressors(deviation: FloatArray, distances: list[int]) -> FloatArray:
    """Sum of the deviations (..., L, C) at each distance before and after a cell, (..., L, C, R); 0 outside."""
    length = deviation.shape[-2]
    sums = np.zeros((*deviation.shape, len(distances)))
    for r, distance in enumerate(distances):
        if distance < length:
            sums[..., distance:, :, r] += deviation[..., :-distance, :]
            sums[..., :-distance, :, r] += deviation[..., distance:, :]
    return sums
