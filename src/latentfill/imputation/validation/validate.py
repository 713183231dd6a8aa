"""Validation of a strategy on held-out cells: the weights of its candidates, its intervals and its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.config import AUTO, Config
from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_errors import learn_kinds
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.holdout_errors import HoldoutErrors, HoldoutResults
from latentfill.imputation.validation.intervals import Calibration
from latentfill.kinds.columns import ColumnKinds
from latentfill.strategies.candidates import Candidates
from latentfill.windows.gaps import BUCKET_NAMES

FEWEST_CELLS = 100  # held out in all; with fewer, nothing shows that anything is better than linear interpolation
FEWEST_GAPS = 5  # effective ones, from which the uncertainty of an error can be told
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
    kinds = learn_kinds(HoldoutErrors.joined([results.learn, results.check]), ensemble, units)
    amounts = (sample.where(units.are_amounts(sample.cells)) for sample in (learn, check))
    return Validated(ensemble, Calibration.fit(*amounts), score, kinds, learn)


def _fit_ensemble(learn: HoldoutErrors, names: tuple[str, ...], config: Config) -> Ensemble:
    """Weights of the candidates of `auto`; candidates that were fitted only for comparison get weight 0."""
    chosen = [names.index(name) for name in config.candidate_names if name in names]
    fitted = Ensemble.fit(learn.errors[chosen], learn.cells)
    return fitted.not_worse_than_one(learn.errors[chosen], learn.cells).among(chosen, len(names))


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
