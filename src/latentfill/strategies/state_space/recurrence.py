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
    coefficients = np.zeros((values.shape[1], len(CYCLES)))
    for c in range(values.shape[1] if distances else 0):
        observed = ~np.isnan(values[:, c])
        deviation = (smoothed - level)[:, [c]]
        x = np.concatenate([_both_sides(deviation, distance)[observed] for distance in distances], axis=1)
        y = (values[:, c] - level[:, c])[observed]
        gram = x.T @ x + PRIOR_CELLS * np.eye(len(distances))
        coefficients[c, : len(distances)] = np.linalg.solve(gram, x.T @ y)
    return coefficients


def recurring(smoothed: FloatArray, coefficients: FloatArray, period: int) -> FloatArray:
    """What recurs (..., L, C) in a smoothed series, for coefficients (C, len(CYCLES))."""
    deviation, total = smoothed - moving_mean(smoothed, period), np.zeros(smoothed.shape)
    for cycles, coefficient in zip(CYCLES, coefficients.T, strict=True):
        total += coefficient * _both_sides(deviation, period * cycles)
    return total


def _both_sides(deviation: FloatArray, distance: int) -> FloatArray:
    """Sum of the deviations (..., L, C) so many steps before and after each cell, 0 outside."""
    total = np.zeros(deviation.shape)
    if distance < deviation.shape[-2]:
        total[..., distance:, :] += deviation[..., :-distance, :]
        total[..., :-distance, :] += deviation[..., distance:, :]
    return total
