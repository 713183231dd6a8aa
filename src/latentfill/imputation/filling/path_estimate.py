"""The estimates of one path for the missing cells of a series, with their codes and likely errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.filling.blends import Blends
from latentfill.imputation.fitting.fitted import FittedPath
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_units import ColumnCells
from latentfill.imputation.validation.error_sample import features_at
from latentfill.strategies.candidates import Estimates

USUAL_COVERAGE = 0.9  # of the intervals that are computed if the settings give no coverage


@dataclass(frozen=True, slots=True, eq=False)
class PathEstimate:
    """Estimates of one path for N missing working cells, and the likely errors of M cells of the table.

    Estimates are in scaled units, errors in the units of `ColumnUnits.error_scale`.
    """

    estimate: FloatArray  # (N,), NaN where the strategy has no estimate
    present: BoolArray  # (M,) whether it has an estimate
    blends: Blends  # of the M cells
    expected: FloatArray  # (M,) expected absolute error
    below: FloatArray  # (M,) lower end of the interval of the error
    above: FloatArray  # (M,) upper end
    drawn: FloatArray  # (S, M) randomly drawn errors
    scores: FloatArray  # (S, M) their standard normal scores

    def over(self, other: PathEstimate) -> PathEstimate:
        """These estimates, and in cells without one the estimates of `other`."""
        errors = ("expected", "below", "above", "drawn")
        joined = {name: np.where(self.present, getattr(self, name), getattr(other, name)) for name in errors}
        estimate = np.where(np.isnan(self.estimate), other.estimate, self.estimate)
        present, blends = self.present | other.present, self.blends.where(self.present, other.blends)
        return PathEstimate(estimate=estimate, present=present, blends=blends, scores=self.scores, **joined)


def estimate_path(
    path: FittedPath,
    estimates: Estimates,
    values: FloatArray,
    working: Cells,
    of_columns: ColumnCells,
    coverage: float,
    scores: FloatArray,
) -> PathEstimate:
    """Weight the candidates' `estimates` of one path at missing `working` cells of a scaled series `values` (T, W).

    `of_columns` are the missing cells of the table. Bounds have the given coverage; the errors of a draw lie at its
    standard normal `scores` (S, M).
    """
    calibration, cells = path.validated.calibration, of_columns.cells
    at_cells = estimates.values[:, working.step, working.column]
    estimate = np.where(strategy_estimates(path, at_cells), path.validated.ensemble.apply(at_cells, working), np.nan)
    size = calibration.sizes(cells, of_columns.mean(features_at(working, values, estimates)))
    below, above = calibration.bounds(cells, size, coverage)
    return PathEstimate(
        estimate=estimate,
        present=~np.isnan(estimate)[of_columns.lead],
        blends=Blends.of(path, at_cells, working).take(of_columns.lead),
        expected=calibration.expected(cells, size),
        below=below,
        above=above,
        scores=scores,
        drawn=np.array([calibration.errors_at(cells, size, score) for score in scores]).reshape(scores.shape),
    )


def strategy_estimates(path: FittedPath, estimates: FloatArray) -> BoolArray:
    """True (M,) where the path's strategy has an estimate, given the estimates (K, M) of its candidates."""
    return path.candidates.has_estimate(~np.isnan(estimates), path.spec.config.strategy)


def error_quantiles(
    path: FittedPath, estimates: Estimates, values: FloatArray, working: Cells, of_columns: ColumnCells
) -> FloatArray:
    """Quantiles (M, len(LEVELS)) of the errors of one path's estimates, in the units of errors."""
    calibration, features = path.validated.calibration, features_at(working, values, estimates)
    size = calibration.sizes(of_columns.cells, of_columns.mean(features))
    return calibration.error_quantiles(of_columns.cells, size)
