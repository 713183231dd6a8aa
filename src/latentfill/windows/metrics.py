"""Errors over selected cells."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import BoolArray, FloatArray


def masked_mse(estimate: FloatArray, truth: FloatArray, cells: BoolArray) -> float:
    """Mean squared error over the `cells` (mask); NaN if there are none."""
    error = (estimate - truth)[cells]
    return float(np.mean(error**2)) if error.size else float("nan")
