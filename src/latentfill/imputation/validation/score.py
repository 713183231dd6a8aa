"""The error on held-out cells beside linear interpolation's: over all cells, and by column and length of the gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.windows.gaps import BUCKET_NAMES

FEWEST_GAPS = 5  # effective ones, from which the uncertainty of an error can be told


class HeldOutScore(TypedDict):
    """Mean errors on held-out cells, as JSON values."""

    cells: int
    units: str
    mse: float
    mae: float
    linear_mse: float  # of linear interpolation
    linear_mae: float
    mse_ratio_to_linear: float | None
    mse_ratio_90_percent: list[float] | None  # its interval, from and to
    candidates: dict[str, dict[str, object]]  # MSE and MAE by candidate; not finite where one has no estimate
    weights: dict[str, dict[str, float]]  # mean weight of each candidate, by length of the gap
    by_column: NotRequired[dict[str, dict[str, dict[str, float]]]]  # by column and length of the gap
    label: NotRequired[str]


def score_summary(error: FloatArray, linear_error: FloatArray, gap: IntArray, units: str) -> dict[str, object]:
    """Mean errors on M held-out cells, beside linear interpolation's, as JSON values; `units` names their unit.

    `gap` (M,) numbers the gaps of the cells, for the uncertainty of the ratio of both squared errors.
    """
    if not error.size:
        return {"cells": 0}
    mse, linear = float(np.mean(error**2)), float(np.mean(linear_error**2))
    return {
        "cells": int(error.size),
        "units": units,
        "mse": mse,
        "mae": float(np.mean(np.abs(error))),
        "linear_mse": linear,
        "linear_mae": float(np.mean(np.abs(linear_error))),
        "mse_ratio_to_linear": mse / linear if linear > 0 else None,
        "mse_ratio_90_percent": ratio_interval(error**2, linear_error**2, gap),
    }


def ratio_interval(loss: FloatArray, linear_loss: FloatArray, gap: IntArray) -> list[float] | None:
    """A 90 % confidence interval of the ratio of two mean losses (M,); None where it is unknown.

    Losses within a gap (M,) are correlated, so a gap counts once: the standard error is that of a ratio estimate over
    clusters (Cochran 1977, Sampling Techniques, chapter 9), taken on a logarithmic scale. If a few gaps have most of
    the loss, there are effectively only those few (Kish 1965), which decides the quantile of Student's t.
    """
    if np.array_equal(loss, linear_loss):
        return [1.0, 1.0] if loss.any() else None
    from scipy.special import stdtrit

    of_gap = np.unique(gap, return_inverse=True)[1]
    ours, linear = (np.bincount(of_gap, each) for each in (loss, linear_loss))
    n = len(ours)
    if not linear.sum() > 0 or not ours.sum() > 0:
        return None
    effective = min(float(each.sum() ** 2 / (each**2).sum()) for each in (ours, linear))
    if effective < FEWEST_GAPS:
        return None
    ratio = ours.sum() / linear.sum()
    error = np.sqrt(n / (n - 1) * ((ours - ratio * linear) ** 2).sum()) / linear.sum()
    return [float(ratio * np.exp(sign * stdtrit(effective - 1, 0.95) * error / ratio)) for sign in (-1, 1)]


def score_by_group(
    ours: ErrorSample, linear: ErrorSample, columns: Sequence[str]
) -> dict[str, dict[str, dict[str, float | int]]]:
    """Cells, gaps and mean squared errors of each group of held-out cells, by column and length of the gap.

    Both samples have errors on the same cells.
    """
    cells = ours.cells
    by_column: dict[str, dict[str, dict[str, float | int]]] = {}
    for c, b in sorted(set(zip(cells.column.tolist(), cells.bucket.tolist(), strict=True))):
        chosen = (cells.column == c) & (cells.bucket == b)
        by_column.setdefault(columns[c], {})[BUCKET_NAMES[b]] = {
            "cells": int(chosen.sum()),
            "gaps": len(np.unique(cells.gap_number[chosen])),
            "mse": float(np.mean(ours.error[chosen] ** 2)),
            "linear_mse": float(np.mean(linear.error[chosen] ** 2)),
        }
    return by_column
