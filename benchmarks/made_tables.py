"""Tables that are made from random processes."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray, TimeArray

FACTORS = 8  # of the columns that are related
NOISE = 0.3  # standard deviation of the noise of each column


def hourly(n_steps: int) -> TimeArray:
    """The hours from the start of 2024 on."""
    return np.datetime64("2024-01-01", "ns") + np.arange(n_steps) * np.timedelta64(1, "h")


def persistent(rng: np.random.Generator, n_steps: int, columns: int, persistence: float) -> FloatArray:
    """First-order autoregressive processes (n_steps, columns) with unit shocks."""
    values = rng.normal(size=(n_steps, columns))
    for step in range(1, n_steps):
        values[step] += persistence * values[step - 1]
    return values


def related(rng: np.random.Generator, n_steps: int, columns: int) -> FloatArray:
    """Columns (n_steps, columns) that share `FACTORS` persistent factors, with noise."""
    shared = persistent(rng, n_steps, FACTORS, 0.95) @ rng.normal(size=(FACTORS, columns))
    return shared + NOISE * rng.normal(size=(n_steps, columns))


def unrelated(rng: np.random.Generator, n_steps: int, columns: int) -> FloatArray:
    """Columns (n_steps, columns) that know nothing of each other, as persistent as those that are related."""
    own = np.sqrt(FACTORS) * persistent(rng, n_steps, columns, 0.95)
    return own + NOISE * rng.normal(size=(n_steps, columns))
