"""Validation of a strategy on held-out cells: the weights of its candidates, its intervals and its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.config import AUTO, Config
from latentfill.core.series import FloatArray
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_errors import learn_kinds
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.holdout_errors import HoldoutErrors, HoldoutResults
from latentfill.imputation.validation.intervals import Calibration
from latentfill.imputation.validation.score import score_by_group, score_summary
from latentfill.kinds.columns import ColumnKinds
from latentfill.strategies.candidates import Candidates
from latentfill.windows.gaps import BUCKET_NAMES

FEWEST_CELLS = 100  # held out in all; with fewer, nothing shows that anything is better than linear interpolation
UNITS = {"standard": "standard deviations of each column", "minmax": "observed ranges of each column"}


@dataclass(frozen=True, slots=True, eq=False)
class Validated:
    """The validation of one strategy on held-out cells."""

    ensemble: Ensemble  # weights of the candidates, in the order of their names
    calibration: Calibration  # calibration of the weighted mean's errors
    score: dict[str, object]  # error on the score cells, JSON values
    kinds: ColumnKinds  # of the columns and covariates, with what the held-out cells tell about their estimates
    tuning: ErrorSample | None = None  # errors on all cells but the score cells; None in a loaded model


def validate(
    strategy: str, results: HoldoutResults, candidates: Candidates, config: Config, units: ColumnUnits
) -> Validated:
    """Fit the weights and intervals of one strategy, and score it.

    The strategy `auto` weights its candidates; any other strategy is the single candidate of that name.
    """
    names = candidates.names
    results = results.where_filled(candidates, strategy)
    if strategy == AUTO and len(results.learn.cells) + len(results.check.cells) < FEWEST_CELLS:
        ensemble = Ensemble.only(names.index("linear"), len(names), results.learn.cells.n_columns)
    elif strategy == AUTO:
        ensemble = _fit_ensemble(results.learn, names, config)
    else:
        ensemble = Ensemble.only(names.index(strategy), len(names), results.learn.cells.n_columns)
    learn, check = (errors.of_ensemble(ensemble, units) for errors in (results.learn, results.check))
    linear = results.check.of_candidate(names.index("linear"), units)
    score = score_summary(check.error, linear.error, check.cells.time_number, UNITS[config.windows.scaling])
    if len(check):
        score["candidates"] = dict(zip(names, map(_errors, results.check.errors), strict=True))
        score["weights"] = weights_by_gap(names, ensemble, results.check.cells)
        if units.series is not None:
            score["by_column"] = score_by_group(check, linear, units.series.columns)
    kinds = learn_kinds(HoldoutErrors.joined([results.learn, results.check]), ensemble, units)
    amounts = (sample.where(units.are_amounts(sample.cells)) for sample in (learn, check))
    return Validated(ensemble, Calibration.fit(*amounts), score, kinds, learn)


def _fit_ensemble(learn: HoldoutErrors, names: tuple[str, ...], config: Config) -> Ensemble:
    """Weights of the candidates of `auto`; candidates that were fitted only for comparison get weight 0."""
    chosen = [names.index(name) for name in config.candidate_names if name in names]
    fitted = Ensemble.fit(learn.errors[chosen], learn.cells)
    return fitted.not_worse_than_one(learn.errors[chosen], learn.cells).among(chosen, len(names))


def weights_by_gap(names: tuple[str, ...], ensemble: Ensemble, cells: Cells) -> dict[str, dict[str, float]]:
    """Mean weight of each candidate in `cells` of each gap length."""
    weight = ensemble.at(cells)
    return {
        gap: {name: round(float(mean), 3) for name, mean in zip(names, weight[:, in_gap].mean(axis=1), strict=True)}
        for b, gap in enumerate(BUCKET_NAMES)
        if (in_gap := cells.bucket == b).any()
    }


def _errors(error: FloatArray) -> dict[str, float]:
    """MSE and MAE of errors (M,)."""
    return {"mse": float(np.mean(error**2)), "mae": float(np.mean(np.abs(error)))}
