"""Metrics on hidden cells: MSE, MAE and MRE of estimates; coverage, width and CRPS of intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.imputation.filling.filled import Filled
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.kind import Kind
from latentfill.scoring.masked_series import MaskedSeries
from latentfill.scoring.scores import ALL
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths, gap_numbers


class Errors(TypedDict):
    """Errors of estimates in standard deviations of their columns; the keys are fields of `Score`."""

    mse: float
    mae: float
    ratio_to_linear: float | None  # to the reference's yardstick; None if that has no error


class Metrics(Errors):
    """All metrics; the keys are fields of `Score`. Without intervals their three metrics are None."""

    mre: float
    coverage: float | None
    width: float | None
    crps: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """True values, a yardstick and standard deviations that estimates are scored with, in original units."""

    truth: FloatArray  # (T, C)
    yardstick: FloatArray  # (T, C), filled by linear interpolation; from the past alone by the last observation
    spread: FloatArray  # (C,) typical distance of a reading from the usual one, see `Kind.spread`
    kinds: Sequence[Kind]  # C

    @classmethod
    def of(cls, series: Series, yardstick: FloatArray, kinds: ColumnKinds) -> Reference:
        """The reference from the true series and the yardstick (T, C), which has not seen the hidden cells."""
        pairs = list(zip(kinds.kinds, series.values.T, strict=False))  # without the kinds of covariates
        spread = np.array([kind.spread(column) for kind, column in pairs])
        return cls(series.values, yardstick, np.where(spread > 0, spread, 1.0), [kind for kind, _ in pairs])

    def errors(self, values: FloatArray) -> FloatArray:
        """Errors (T, C) of values, truth minus value; of classes 1 where they differ, else 0."""
        pairs = zip(self.kinds, self.truth.T, values.T, strict=True)
        return np.stack([kind.distance(truth, column) for kind, truth, column in pairs], axis=1)

    def take(self, columns: IntArray) -> Reference:
        """The reference of only these columns."""
        kinds = [self.kinds[c] for c in columns.tolist()]
        return Reference(self.truth[:, columns], self.yardstick[:, columns], self.spread[columns], kinds)

    def covered(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """1 in the cells (T, C) whose interval holds the truth, else 0."""
        bounds = zip(self.kinds, lower.T, upper.T, self.truth.T, strict=True)
        return np.stack([kind.covers(lower, upper, truth) for kind, lower, upper, truth in bounds], axis=1)

    def widths(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """Widths (T, C) of the intervals."""
        bounds = zip(self.kinds, lower.T, upper.T, strict=True)
        return np.stack([kind.interval_width(lower, upper) for kind, lower, upper in bounds], axis=1)


@dataclass(frozen=True, slots=True)
class CellGroup:
    """Hidden cells of one column or of all columns, in gaps of one length or of all lengths."""

    column: str  # or ALL
    gap: str  # length in steps, or ALL
    cells: BoolArray  # (T, C)
    gaps: int  # number of gaps that the cells lie in


def cell_groups(masked: MaskedSeries) -> Iterator[CellGroup]:
    """Groups of hidden cells: all, by column, by gap length, and by both; empty groups are left out."""
    names, observed = masked.series.columns, masked.visible.observed
    bucket, number = bucket_of(np.maximum(gap_lengths(observed), 1)), gap_numbers(observed)
    for column in (ALL, *names):
        in_column = np.ones(len(names), dtype=bool) if column == ALL else np.array(names) == column
        for b, gap in [(-1, ALL), *enumerate(BUCKET_NAMES)]:
            cells = masked.hidden & in_column & ((bucket == b) | (b < 0))
            if cells.any():
                yield CellGroup(column, gap, cells, np.unique(number[cells]).size)


def measure(filled: Filled, crps: FloatArray | None, reference: Reference, cells: BoolArray) -> Metrics:
    """The metrics of one strategy on the `cells` (T, C); NaN if the strategy left any of them empty.

    `crps` (T, C) holds the continuous ranked probability score of each cell; None if it is not known. Coverage and
    width are those of the cells with an interval.
    """
    columns = np.flatnonzero(cells.any(axis=0))  # of a group there may be one among thousands
    reference, cells = reference.take(columns), cells[:, columns]
    values, lower, upper, scores = (
        None if each is None else each[:, columns] for each in (filled.values, filled.lower, filled.upper, crps)
    )
    assert values is not None
    column = np.nonzero(cells)[1]
    error, linear_error = (reference.errors(each)[cells] for each in (values, reference.yardstick))
    truth, spread = reference.truth[cells], reference.spread[column]
    errors = score_cells(error, spread, linear_error)
    metrics = Metrics(**errors, mre=_relative_error(error, truth, column), coverage=None, width=None, crps=None)
    if lower is not None and upper is not None and (bounded := cells & ~np.isnan(lower)).any():
        metrics["coverage"] = float(np.mean(reference.covered(lower, upper)[bounded]))
        metrics["width"] = float(np.mean((reference.widths(lower, upper) / reference.spread)[bounded]))
    if scores is not None:
        metrics["crps"] = float(np.mean(scores[cells] / spread))
    return metrics


def score_cells(error: FloatArray, spread: FloatArray, linear_error: FloatArray) -> Errors:
    """MSE, MAE and ratio to linear interpolation of M cells, with errors divided by their columns' `spread` (M,)."""
    error, linear_error = error / spread, linear_error / spread
    mse, linear_mse = float(np.mean(error**2)), float(np.mean(linear_error**2))
    ratio = mse / linear_mse if linear_mse > 0 else None
    return {"mse": mse, "mae": float(np.mean(np.abs(error))), "ratio_to_linear": ratio}


def _relative_error(error: FloatArray, truth: FloatArray, column: IntArray) -> float:
    """MRE: sum of absolute errors over sum of absolute values, mean over the columns that are not all zeros."""
    ratios = []
    for c in np.unique(column):
        in_column = column == c
        total = np.abs(truth[in_column]).sum()
        if total > 0:
            ratios.append(np.abs(error[in_column]).sum() / total)
    return float(np.mean(ratios)) if ratios else float("nan")
