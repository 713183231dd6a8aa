"""Fitting a model with covariates and one without them, and choosing the better one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.fitting.fitted import CovariateGain, Fitted
from latentfill.imputation.fitting.time_budget import TimeBudget
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import ErrorSample

LEAST_GAIN = 0.1  # share by which covariates must lower the error: 6 of 48 useless ones took off 0.05, one 0.1
CAUTION = 1.0  # standard errors that the gain must exceed; a gain in a single gap has at most one


def fit_best(series: Series, config: Config, inputs: FitInputs) -> Fitted:
    """Fit a model to one series (T, C), with its covariates if they lower the error on the tuning cells.

    Both models hold out the same cells, and each gets half of the time budget. Errors are those of `fit_series`.
    """
    covariates = inputs.covariates
    alone = replace(inputs, covariates=None)
    if covariates is None:
        return fit_series(series, config, alone)
    without = fit_series(series, config, alone, TimeBudget.half(config))
    with_them = fit_series(series, config, inputs, TimeBudget.half(config))
    used = _is_better(with_them, without)
    gain = CovariateGain(
        columns=covariates.columns, with_them=_held_out_mse(with_them), without=_held_out_mse(without), used=used
    )
    return replace(with_them if used else without, gain=gain)


def refuse_beside_covariates(config: Config, *, encoders: bool = False) -> None:
    """Raise an `InputError` for settings, or a comparison of encoders, that cannot be combined with covariates."""
    problems = {
        "stored embeddings (--embeddings) are those of the table's own columns": config.stored.embeddings is not None,
        "encoders to compare (--encoders) embed the table's own columns": encoders,
        "a donor table (--donor-table) has none of their columns": config.neighbours.donor_table is not None,
    }
    for problem, applies in problems.items():
        if applies:
            raise InputError(f"covariates (--with) cannot be used here: {problem}. Leave out one of them.")


def _is_better(fitted: Fitted, other: Fitted) -> bool:
    """Whether a model has lower errors on the tuning cells than another, by more than chance."""
    error, other_error = (each.builtin.validated.tuning for each in (fitted, other))
    return error is not None and other_error is not None and is_lower(error, other_error)


def is_lower(error: ErrorSample, other: ErrorSample) -> bool:
    """Whether errors are lower than others by a share of `LEAST_GAIN`, and by `CAUTION` standard errors of that gain.

    The errors of a gap are correlated, so a gap counts once.
    """
    if not len(error) or np.mean(error.error**2) > (1 - LEAST_GAIN) * np.mean(other.error**2):
        return False
    if not _are_same(error.cells, other.cells):
        return True  # one model has no estimate for some cells
    _, gap = np.unique(error.cells.gap_number, return_inverse=True)
    gain = np.bincount(gap, other.error**2 - error.error**2)
    return len(gain) > 1 and bool(gain.sum() > CAUTION * np.sqrt(len(gain) * gain.var(ddof=1)))


def _are_same(cells: Cells, other: Cells) -> bool:
    """Whether cells are those of another series, which may have further columns."""
    names = ("step", "column", "hiding_round")
    return all(np.array_equal(getattr(cells, name), getattr(other, name)) for name in names)


def _held_out_mse(fitted: Fitted) -> float | None:
    """The mean squared error on the cells that decide, if there are any."""
    tuning = fitted.builtin.validated.tuning
    return None if tuning is None or not len(tuning) else float(np.mean(tuning.error**2))
