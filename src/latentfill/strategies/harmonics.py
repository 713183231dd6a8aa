"""The part of a series' mean that repeats with its shortest cycle, as a sum of harmonics."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray

HARMONICS = 8  # of the shortest cycle; slower cycles are part of a window's level
PRIOR_CELLS_OF_CYCLE = 30.0  # weight, in observed cells, of the prior that a column has no cycle


def harmonics(clock: FloatArray) -> FloatArray:
    """Harmonics (..., H) of the shortest cycle in clock features (..., P): first the sines, then the cosines."""
    if not clock.shape[-1]:
        return clock
    phasor = clock[..., clock.shape[-1] // 2] + 1j * clock[..., 0]
    powers = np.stack([phasor**k for k in range(1, HARMONICS + 1)], axis=-1)
    return np.concatenate([powers.imag, powers.real], axis=-1)


def fit_harmonics(values: FloatArray, waves: FloatArray) -> FloatArray:
    """Coefficients (H, C) of a ridge regression of each column (T, C) on its own mean and the `waves` (T, H)."""
    c, h = values.shape[1], waves.shape[1]
    coefficients = np.zeros((h, c))
    for column in range(c if h else 0):
        observed = ~np.isnan(values[:, column])
        if observed.any():
            x, y = waves[observed], values[observed, column]
            x, y = x - x.mean(axis=0), y - y.mean()
            coefficients[:, column] = np.linalg.solve(x.T @ x + PRIOR_CELLS_OF_CYCLE * np.eye(h), x.T @ y)
    return coefficients
