"""The level of a column: its readings without what is usual at that time of the cycle."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray


def without_cycle(values: FloatArray, cycle: int | None) -> FloatArray:
    """Values (T, C), none missing, without the median of their phase of a `cycle` in steps; of all without a cycle."""
    n_steps, n_columns = values.shape
    steps = cycle or 1
    padded = np.pad(values, ((0, -n_steps % steps), (0, 0)), constant_values=np.nan)
    usual = np.nanmedian(padded.reshape(-1, steps, n_columns), axis=0)
    return values - np.resize(usual, values.shape)
