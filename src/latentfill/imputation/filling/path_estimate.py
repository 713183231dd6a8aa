"""The estimates of one path for the missing cells of a series, with their codes and likely errors."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.imputation.fitting.fitted import FittedPath
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import features_at
from latentfill.strategies.candidates import Estimates

USUAL_COVERAGE = 0.9  # of the intervals that are computed if the settings give no coverage


@dataclass(frozen=True, slots=True, eq=False)
class PathEstimate:
    """Estimates of one path for M missing cells, with their likely errors; scaled units."""

    estimate: FloatArray  # (M,), NaN where the strategy has no estimate
    code: IntArray  # (M,) code of the candidate with the largest weight
    expected: FloatArray  # (M,) expected absolute error
    below: FloatArray  # (M,) lower bound of the interval minus the estimate
    above: FloatArray  # (M,) upper bound of the interval minus the estimate
    drawn: FloatArray  # (S, M) randomly drawn errors

    def over(self, other: PathEstimate) -> PathEstimate:
        """These estimates, and in cells without one the estimates of `other`."""
        present = ~np.isnan(self.estimate)
        parts = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return PathEstimate(*(np.where(present, this, that) for this, that in parts))


def estimate_path(
    path: FittedPath,
    estimates: Estimates,
    values: FloatArray,
    cells: Cells,
    coverage: float | None,
    scores: FloatArray,
) -> PathEstimate:
    """Weight the candidates' `estimates` of one path at the missing `cells` of a scaled series `values` (T, C).

    Bounds have the given coverage; the errors of a draw lie at its standard normal `scores` (S, M).
    """
    calibration = path.validated.calibration
    at_cells = estimates.values[:, cells.step, cells.column]
    weighted_mean = path.validated.ensemble.apply(at_cells, cells)
    size = calibration.sizes(cells, features_at(cells, values, estimates))
    below, above = calibration.bounds(cells, size, coverage or USUAL_COVERAGE)
    return PathEstimate(
        estimate=np.where(strategy_estimates(path, at_cells), weighted_mean, np.nan),
        code=_codes(path, at_cells, cells),
        expected=calibration.expected(cells, size),
        below=below,
        above=above,
        drawn=np.array([calibration.errors_at(cells, size, score) for score in scores]).reshape(scores.shape),
    )


def strategy_estimates(path: FittedPath, estimates: FloatArray) -> BoolArray:
    """True (M,) where the path's strategy has an estimate, given the estimates (K, M) of its candidates."""
    return path.candidates.has_estimate(~np.isnan(estimates), path.spec.config.strategy)


def error_quantiles(path: FittedPath, estimates: Estimates, values: FloatArray, cells: Cells) -> FloatArray:
    """Quantiles (M, len(LEVELS)) of the errors of one path's estimates at `cells`, in scaled units."""
    calibration = path.validated.calibration
    return calibration.error_quantiles(cells, calibration.sizes(cells, features_at(cells, values, estimates)))


def _codes(path: FittedPath, estimates: FloatArray, cells: Cells) -> IntArray:
    """Code (M,) of the candidate with the largest weight among the candidates that have an estimate (K, M)."""
    weight = np.where(np.isnan(estimates), -1.0, path.validated.ensemble.at(cells))
    return np.asarray(np.array(path.codes, dtype=np.int64)[weight.argmax(axis=0)])
