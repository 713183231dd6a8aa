"""Whether many series are filled with one model or with a model each, chosen by errors on cells hidden for this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.column_order import in_working_order
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.seeds import SeedStream
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.filling.fill_many import fill_many
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.fitting.pool import fit_pool, middle_of
from latentfill.nn.progress import ProgressCallback
from latentfill.windows.gaps import interpolate
from latentfill.windows.hiding import hide_like_gaps
from latentfill.windows.windows import column_of

TRIED_STEPS = 12_000  # of the series in which cells are hidden, about
FEWEST_TRIED, MOST_TRIED = 3, 20  # such series
LONGEST_TRIED = TRIED_STEPS // FEWEST_TRIED  # steps
HIDDEN = 0.1  # share of their observed cells
FEWEST_HIDDEN = 30  # cells; with fewer, nothing shows that a model of its own serves a series better


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The model of many series, and the mean squared errors on the hidden cells relative to linear interpolation."""

    shared: bool  # one model for all
    own_error: float | None = None  # None where nothing was tried
    shared_error: float | None = None

    def note(self, n_series: int) -> str:
        """What was chosen, for the user."""
        model = f"All {n_series} series share one model" if self.shared else "Each series has a model of its own"
        if self.own_error is None or self.shared_error is None:
            return f"{model}."
        return (
            f"{model}: in cells that were hidden for a trial, the squared error of one model for all was "
            f"{self.shared_error:.2f} x that of linear interpolation, that of own models {self.own_error:.2f} x."
        )


@dataclass(frozen=True, slots=True, eq=False)
class SeriesModel:
    """The model that many series share, or the choice of a model for each."""

    choice: ModelChoice
    shared: Fitted | None

    @classmethod
    def fit(
        cls,
        series: Sequence[Series],
        config: Config,
        progress: ProgressCallback | None = None,
        *,
        has_covariates: bool = False,
    ) -> SeriesModel:
        """Choose (see `choose_model`), and fit the shared model to the series."""
        choice = choose_model(series, config, progress, has_covariates=has_covariates)
        return cls(choice, fit_pool(series, config, progress) if choice.shared else None)


def choose_model(
    series: Sequence[Series],
    config: Config,
    progress: ProgressCallback | None = None,
    *,
    has_covariates: bool = False,
) -> ModelChoice:
    """The model that the settings name; for `auto`, the one with less error in a few series, in which cells are hidden.

    Where no model can be shared, each series has its own. An `InputError` is raised if the settings name a shared one.
    """
    reason = _why_own(series, config, has_covariates=has_covariates)
    if config.model == "shared" and reason:
        raise InputError(f"no model can be shared, because {reason}. Fit a model to each series (--model own).")
    known = [each for each in series if each.observed.any()]
    if config.model != "auto" or reason or len(known) < 2:
        return ModelChoice(config.model == "shared")
    return _try_both(in_working_order(known), config, progress)


def _why_own(series: Sequence[Series], config: Config, *, has_covariates: bool) -> str:
    """Why each series needs a model of its own; "" if they can share one."""
    if len({each.columns for each in series}) > 1:
        return "the series have different columns"
    if len({tuple(sorted(each.labels.items())) for each in series}) > 1:
        return "the series have different words in their columns of text"
    if len({each.time is None for each in series}) > 1:
        return "some of the series have time stamps and others have none"
    if config.causal:
        return "each is filled from its own past"
    if config.stored.embeddings:
        return "stored embeddings belong to one series"
    if config.neighbours.donor_table:
        return "a donor table belongs to one series"
    return "covariates are aligned to one series" if has_covariates else ""


def _try_both(series: Sequence[Series], config: Config, progress: ProgressCallback | None) -> ModelChoice:
    rng, visible, truth = SeedStream.MODEL_CHOICE.generator(config.seed), list(series), dict[int, FloatArray]()
    for at in _tried(series):
        part = middle_of(series[at], LONGEST_TRIED)
        hidden = hide_like_gaps(rng, part.observed, HIDDEN)
        visible[at] = replace(part, values=np.where(hidden, np.nan, part.values))
        truth[at] = np.where(hidden, part.values, np.nan)
    if sum(int((~np.isnan(values)).sum()) for values in truth.values()) < FEWEST_HIDDEN:
        return ModelChoice(shared=True)
    shown, values = [visible[at] for at in truth], list(truth.values())
    shared = dict(fill_many(fit_pool(visible, config, progress), shown))
    of_lines = _error(shown, values, [interpolate(each.values, column_of(each.position)) for each in shown])
    shared_error = _error(shown, values, [shared[number].values for number in range(len(shown))]) / of_lines
    own_error = _error(shown, values, [_fill_alone(each, config, progress) for each in shown]) / of_lines
    return ModelChoice(shared_error <= own_error, own_error, shared_error)


def _tried(series: Sequence[Series]) -> list[int]:
    """Positions of the series to hide cells in, evenly from the shortest to the longest."""
    lengths = np.array([each.n_steps for each in series])
    n = int(np.clip(TRIED_STEPS // np.median(lengths), FEWEST_TRIED, MOST_TRIED))
    n, order = min(n, len(series)), np.argsort(lengths, kind="stable")
    return [int(order[(2 * part + 1) * len(series) // (2 * n)]) for part in range(n)]


def _fill_alone(series: Series, config: Config, progress: ProgressCallback | None) -> FloatArray:
    """The values of a series filled with a model of its own, interpolated linearly if none can be fitted."""
    try:
        fitted = fit_series(series, config, FitInputs(progress=progress))
    except InputError:
        return interpolate(series.values, column_of(series.position))
    return fill_series(fitted, series).values


def _error(visible: Sequence[Series], truth: Sequence[FloatArray], filled: Sequence[FloatArray]) -> float:
    """Sum of squared errors on the cells with a `truth` (T, C), in spreads of each column of each series."""
    total = 0.0
    for each, true, values in zip(visible, truth, filled, strict=True):
        count = np.maximum(each.observed.sum(axis=0), 1)
        mean = np.nansum(each.values, axis=0) / count
        variance = np.nansum((each.values - mean) ** 2, axis=0) / count
        total += float(np.nansum((values - true) ** 2 / np.where(variance > 0, variance, 1.0)))
    return max(total, np.finfo(float).tiny)
