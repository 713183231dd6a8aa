"""What one path estimates for the missing cells of a series."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.imputation.fitting.fitted import FittedPath
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import features_at
from latentfill.strategies.candidates import SeriesEstimates

USUAL_COVERAGE = 0.9  # of intervals that were not asked for


@dataclass(frozen=True, slots=True, eq=False)
class PathEstimate:
    """What a path estimates for M missing cells, scaled units, and how far that may be off."""

    estimate: FloatArray  # (M,), NaN where the strategy has none
    code: IntArray  # (M,) code of the candidate with the largest weight
    expected: FloatArray  # (M,) expected absolute error
    below: FloatArray  # (M,) bounds of the interval, relative to the estimate
    above: FloatArray  # (M,)
    drawn: FloatArray  # (S, M) random errors

    def over(self, other: PathEstimate) -> PathEstimate:
        """This path where it has an estimate, the other one elsewhere."""
        reached = ~np.isnan(self.estimate)
        parts = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return PathEstimate(*(np.where(reached, own, others) for own, others in parts))


def estimate_path(
    path: FittedPath, estimates: SeriesEstimates, values: FloatArray, cells: Cells, config: Config
) -> PathEstimate:
    """What a path estimates for the missing `cells` of a scaled series with `values` (T, C), from its candidates."""
    calibration = path.validated.calibration
    at_cells = estimates.values[:, cells.step, cells.column]
    weighted_mean = path.validated.ensemble.apply(at_cells, cells)
    size = calibration.sizes(cells, features_at(cells, values, estimates))
    below, above = calibration.bounds(cells, size, config.output.intervals or USUAL_COVERAGE)
    rng = SeedStream.SAMPLES.generator(config.seed)
    draws = [calibration.draw(rng, cells, size) for _ in range(config.output.samples)]
    return PathEstimate(
        estimate=np.where(filled_by(path, at_cells), weighted_mean, np.nan),
        code=_codes(path, at_cells, cells),
        expected=calibration.expected(cells, size),
        below=below,
        above=above,
        drawn=np.stack(draws) if draws else np.empty((0, len(cells))),
    )


def filled_by(path: FittedPath, estimates: FloatArray) -> BoolArray:
    """Which cells (M,) the path's strategy can fill, from its candidates' estimates (K, M)."""
    return path.candidates.has_estimate(~np.isnan(estimates), path.spec.config.strategy)


def error_quantiles(path: FittedPath, estimates: SeriesEstimates, values: FloatArray, cells: Cells) -> FloatArray:
    """Quantiles (M, len(LEVELS)) of the errors of a path's estimates of `cells`, scaled units."""
    calibration = path.validated.calibration
    return calibration.error_quantiles(cells, calibration.sizes(cells, features_at(cells, values, estimates)))


def _codes(path: FittedPath, estimates: FloatArray, cells: Cells) -> IntArray:
    """Code (M,) of the candidate that has the largest weight among those with an estimate (K, M)."""
    weight = np.where(np.isnan(estimates), -1.0, path.validated.ensemble.at(cells))
    return np.asarray(np.array(path.codes, dtype=np.int64)[weight.argmax(axis=0)])
