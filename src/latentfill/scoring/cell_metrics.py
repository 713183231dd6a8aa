"""Metrics on hidden cells: MSE, MAE and MRE of estimates; coverage, width and CRPS of intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.imputation.filling.filled import Filled
from latentfill.scoring.masked_series import MaskedSeries
from latentfill.scoring.scores import ALL
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths


class Errors(TypedDict):
    """Errors of estimates in standard deviations of their columns; the keys are fields of `Score`."""

    mse: float
    mae: float
    ratio_to_linear: float | None  # None if linear interpolation has no error


class Metrics(Errors):
    """All metrics; the keys are fields of `Score`. Without intervals their three metrics are None."""

    mre: float
    coverage: float | None
    width: float | None
    crps: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """True values, linear interpolation and standard deviations that estimates are scored with, in original units."""

    truth: FloatArray  # (T, C)
    linear: FloatArray  # (T, C), filled by linear interpolation
    spread: FloatArray  # (C,) standard deviation of the observed cells

    @classmethod
    def of(cls, series: Series, linear: FloatArray) -> Reference:
        """The reference from the true series and its linear interpolation (T, C) without the hidden cells."""
        return cls(series.values, linear, column_spread(series))


@dataclass(frozen=True, slots=True)
class CellGroup:
    """Hidden cells of one column or of all columns, in gaps of one length or of all lengths."""

    column: str  # or ALL
    gap: str  # length in steps, or ALL
    cells: BoolArray  # (T, C)


def cell_groups(masked: MaskedSeries) -> Iterator[CellGroup]:
    """Groups of hidden cells: all, by column, by gap length, and by both; empty groups are left out."""
    names = masked.series.columns
    bucket = bucket_of(np.maximum(gap_lengths(masked.visible.observed), 1))
    for column in (ALL, *names):
        in_column = np.ones(len(names), dtype=bool) if column == ALL else np.array(names) == column
        for b, gap in [(-1, ALL), *enumerate(BUCKET_NAMES)]:
            cells = masked.hidden & in_column & ((bucket == b) | (b < 0))
            if cells.any():
                yield CellGroup(column, gap, cells)


def measure(filled: Filled, crps: FloatArray | None, reference: Reference, cells: BoolArray) -> Metrics:
    """The metrics of one strategy on the `cells` (T, C); NaN if the strategy left any of them empty.

    `crps` (T, C) holds the continuous ranked probability score of each cell; it is None without intervals.
    """
    column = np.nonzero(cells)[1]
    estimate, truth, spread = filled.values[cells], reference.truth[cells], reference.spread[column]
    errors = score_cells(estimate, truth, spread, reference.linear[cells])
    metrics = Metrics(**errors, mre=_relative_error(estimate, truth, column), coverage=None, width=None, crps=None)
    if crps is not None and filled.lower is not None and filled.upper is not None:
        lower, upper = filled.lower[cells], filled.upper[cells]
        metrics["coverage"] = float(np.mean((lower <= truth) & (truth <= upper)))
        metrics["width"] = float(np.mean((upper - lower) / spread))
        metrics["crps"] = float(np.mean(crps[cells] / spread))
    return metrics


def score_cells(estimate: FloatArray, truth: FloatArray, spread: FloatArray, linear: FloatArray) -> Errors:
    """MSE, MAE and ratio to linear interpolation of M cells, with errors divided by their columns' `spread` (M,)."""
    error, linear_error = (estimate - truth) / spread, (linear - truth) / spread
    mse, linear_mse = float(np.mean(error**2)), float(np.mean(linear_error**2))
    ratio = mse / linear_mse if linear_mse > 0 else None
    return {"mse": mse, "mae": float(np.mean(np.abs(error))), "ratio_to_linear": ratio}


def column_spread(series: Series) -> FloatArray:
    """Standard deviation (C,) of each column's observed cells; 1 for a constant or empty column."""
    spread = np.array([np.nanstd(v) if (~np.isnan(v)).any() else 1.0 for v in series.values.T])
    return np.where(spread > 0, spread, 1.0)


def _relative_error(estimate: FloatArray, truth: FloatArray, column: IntArray) -> float:
    """MRE: sum of absolute errors over sum of absolute values, mean over the columns that are not all zeros."""
    ratios = []
    for c in np.unique(column):
        in_column = column == c
        total = np.abs(truth[in_column]).sum()
        if total > 0:
            ratios.append(np.abs(estimate[in_column] - truth[in_column]).sum() / total)
    return float(np.mean(ratios)) if ratios else float("nan")
