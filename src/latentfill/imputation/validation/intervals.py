"""Prediction intervals, expected errors and distributions of errors, calibrated on held-out cells.

Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018) with locally weighted residuals: a regression
predicts the size of each error (`SizeModel`), and the quantiles of the errors in units of that size, by column and gap
length, give the bounds. The score cells, to which neither weights nor sizes were fitted, then correct the level of the
quantiles so that intervals have the requested coverage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import DISTANCE, ErrorSample
from latentfill.imputation.validation.error_size import SizeModel
from latentfill.imputation.validation.quantiles import LEVELS, group_distributions, probability_below, quantile
from latentfill.windows.gaps import BUCKET_NAMES

PRIOR_DEPTH_CELLS = 100.0  # prior cells in favour of the uncorrected levels
LENT_GAPS = 5.0  # most gaps that its column, and its gap length, add to the gap count of a group
WARY_GAPS = 20.0  # with this many gaps, a group aims at half the nominal miss rate: few gaps are weak evidence
GROWTH = 0.5  # exponent of the distance, beyond that of any held-out cell
CALIBRATED = 50  # fewest held-out cells for intervals to be called calibrated
CALIBRATED_GAPS = 20  # likewise, gaps at different times


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Distribution of errors in units of their predicted size, by column and gap length, from held-out cells."""

    model: SizeModel
    quantiles: FloatArray  # (C, buckets, len(LEVELS)) of (truth - estimate) / size
    mean_size: FloatArray  # (C, buckets) mean of |truth - estimate| / size
    cells: IntArray  # (C, buckets) number of held-out cells
    gaps: FloatArray  # (C, buckets) number of gaps behind the quantiles, see `_count_gaps`
    depth: FloatArray  # (len(LEVELS),) corrected nominal coverage for each level of true coverage
    farthest: float = np.inf  # steps from a held-out cell to the nearest reading, at most; infinite without any
    times: int = 0  # number of held-out gaps at different times

    @classmethod
    def fit(cls, learn: ErrorSample, check: ErrorSample) -> Calibration:
        """Fit the sizes to the errors of `learn`, the quantiles to both samples, and the coverage to `check`."""
        model = SizeModel.fit(learn)
        both = ErrorSample.joined([learn, check])
        if not len(both):
            return cls._unknown(model, both.cells.n_columns)
        ratio = both.error / model.size(both.features, both.cells.column)
        quantiles, mean_size = group_distributions(ratio, both.cells)
        probability = probability_below(*_rows(quantiles, both.cells), ratio)
        return cls(
            model=model,
            quantiles=quantiles,
            mean_size=mean_size,
            cells=_count_cells(both.cells),
            gaps=_count_gaps(both.cells),
            depth=_depth(np.abs(2 * probability[len(learn) :] - 1)),
            farthest=float(np.exp(both.features[:, DISTANCE].max())),
            times=len(np.unique(both.cells.time_number)),
        )

    @classmethod
    def _unknown(cls, model: SizeModel, n_columns: int) -> Calibration:
        """The calibration without any held-out cell: quantiles and mean sizes are NaN."""
        shape = (n_columns, len(BUCKET_NAMES))
        return cls(
            model=model,
            quantiles=np.full((*shape, len(LEVELS)), np.nan),
            mean_size=np.full(shape, np.nan),
            cells=np.zeros(shape, dtype=np.int64),
            gaps=np.ones(shape),
            depth=LEVELS,
        )

    @property
    def calibrated(self) -> bool:
        """Whether there were at least `CALIBRATED` held-out cells in `CALIBRATED_GAPS` gaps."""
        return int(self.cells.sum()) >= CALIBRATED and self.times >= CALIBRATED_GAPS

    def sizes(self, cells: Cells, features: FloatArray) -> FloatArray:
        """Predicted size (M,) of the errors of `cells` with these features (M, F), scaled units.

        Farther from the nearest reading than any held-out cell was, it grows with the square root of that distance, as
        that of a random walk does.
        """
        beyond = np.maximum(features[:, DISTANCE] - np.log(self.farthest), 0.0)
        return np.asarray(self.model.size(features, cells.column) * np.exp(GROWTH * beyond))

    def bounds(self, cells: Cells, size: FloatArray, coverage: float) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds (M,) that contain the errors of `cells` with probability `coverage`, scaled units."""
        gaps = self.gaps[cells.column, cells.bucket]
        miss_factor = gaps / (gaps + WARY_GAPS)
        upper = 1 - (1 - np.interp(coverage, LEVELS, self.depth)) / 2 * miss_factor
        rows = _rows(self.quantiles, cells)
        return size * quantile(*rows, 1 - upper), size * quantile(*rows, upper)

    def error_quantiles(self, cells: Cells, size: FloatArray) -> FloatArray:
        """Quantiles (M, len(LEVELS)) of the errors of `cells`, scaled units."""
        return np.asarray(size[:, None] * self.quantiles[cells.column, cells.bucket])

    def expected(self, cells: Cells, size: FloatArray) -> FloatArray:
        """Expected absolute error (M,) of `cells`, scaled units."""
        return np.asarray(size * self.mean_size[cells.column, cells.bucket])

    def errors_at(self, cells: Cells, size: FloatArray, scores: FloatArray) -> FloatArray:
        """Errors (M,) of `cells` at standard normal `scores` (M,): those quantiles of their distributions."""
        from scipy.special import ndtr

        return np.asarray(size * quantile(*_rows(self.quantiles, cells), ndtr(scores)))

    def state(self) -> dict[str, FloatArray]:
        """Everything as arrays, the inverse of `load`."""
        names = ("quantiles", "mean_size", "cells", "gaps", "depth", "farthest", "times")
        distribution = {name: getattr(self, name) for name in names}
        arrays = {name: np.asarray(value, float) for name, value in distribution.items()}
        return arrays | {f"size.{name}": array for name, array in self.model.state().items()}

    @classmethod
    def load(cls, state: Mapping[str, FloatArray]) -> Calibration:
        """The calibration that `state` was taken from."""
        size = {name.removeprefix("size."): array for name, array in state.items() if name.startswith("size.")}
        return cls(
            model=SizeModel.load(size),
            quantiles=state["quantiles"],
            mean_size=state["mean_size"],
            cells=state["cells"].astype(np.int64),
            gaps=state["gaps"],
            depth=state["depth"],
            farthest=float(state["farthest"]),
            times=int(state["times"]),
        )


def _rows(quantiles: FloatArray, cells: Cells) -> tuple[FloatArray, IntArray]:
    """Quantiles (C, buckets, len(LEVELS)) as one row per column and gap length, and the row (M,) of each cell."""
    return quantiles.reshape(-1, len(LEVELS)), cells.column * len(BUCKET_NAMES) + cells.bucket


def _count_cells(cells: Cells) -> IntArray:
    """Number of cells by column and gap length, (C, buckets)."""
    count = np.zeros((cells.n_columns, len(BUCKET_NAMES)), dtype=np.int64)
    np.add.at(count, (cells.column, cells.bucket), 1)
    return count


def _count_gaps(cells: Cells) -> FloatArray:
    """Number of gaps (C, buckets) in each group, plus up to `LENT_GAPS` of its column and of its gap length."""
    _, first = np.unique(cells.gap_number * len(BUCKET_NAMES) + cells.bucket, return_index=True)
    group_gaps = np.zeros((cells.n_columns, len(BUCKET_NAMES)))
    np.add.at(group_gaps, (cells.column[first], cells.bucket[first]), 1.0)
    column_gaps = np.minimum(group_gaps.sum(axis=1), LENT_GAPS)[:, None]
    bucket_gaps = np.minimum(group_gaps.sum(axis=0), LENT_GAPS)
    return np.asarray(group_gaps + (column_gaps + bucket_gaps))


def _depth(depth: FloatArray) -> FloatArray:
    """Quantiles at `LEVELS` of `depth` (M,), the nominal coverage that just contains each cell, shrunk to `LEVELS`.

    Without this correction intervals would be somewhat too wide: the cells of `learn` were estimated with more of the
    series hidden, so their errors are somewhat larger.
    """
    if not len(depth):
        return LEVELS
    weight = len(depth) / (len(depth) + PRIOR_DEPTH_CELLS)
    return np.asarray(weight * np.quantile(depth, LEVELS) + (1 - weight) * LEVELS)
