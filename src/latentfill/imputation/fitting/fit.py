"""Fitting a model to one series: scaler, held-out cells, encoder, and the candidates of every path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from latentfill.core.column_order import in_order, working_order
from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.embeddings.protocols.encoder import Encoder, EncoderFactory
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.joined_splits import join_splits
from latentfill.imputation.doubt.trusted import trusted
from latentfill.imputation.fitting.bounds import bounds_of, check_kinds
from latentfill.imputation.fitting.donor_table import followed_by_donor
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.fitting.smoothed_series import SmoothedSeries
from latentfill.imputation.fitting.stored_windows import config_elsewhere
from latentfill.imputation.fitting.strategy_fitter import StrategyFitter
from latentfill.imputation.fitting.time_budget import TimeBudget
from latentfill.imputation.fitting.with_covariates import with_covariates
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.holdout import hold_out
from latentfill.kinds.columns import ColumnKinds
from latentfill.nn.progress import History, ProgressCallback
from latentfill.strategies.candidates import needs_encoder
from latentfill.tables.covariates import Covariates
from latentfill.windows.cycles import clock_features, cycle_steps, find_cycles
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, column_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitInputs:
    """Optional inputs of a fit, beside the series and the settings."""

    embeddings: Mapping[str, Embeddings] = field(default_factory=dict)  # stored embeddings by split
    encoder: EncoderFactory | None = None  # makes a frozen encoder to use instead of the builtin encoder
    any_order: bool = False  # whether that encoder takes the columns in any order, and not only in that of the table
    donor_table: Series | None = None  # with the same columns, to learn from too
    covariates: Covariates | None = None  # columns at the steps of the series, to predict it from; never filled
    train_rows: int | None = None  # number of first rows that the scaler is fitted to, as in TimeKD; None: all
    compare_with: Sequence[str] = ()  # further strategies to fit and validate, see `Fitted.using`
    progress: ProgressCallback | None = None  # called with a `Progress` while training


def fit_series(
    series: Series, config: Config, inputs: FitInputs | None = None, budget: TimeBudget | None = None
) -> Fitted:
    """Fit a model to one series (T, C), within the time budget of the settings unless another is given.

    The model has the columns in working order, see `working_order`.

    Each split of stored embeddings gets its own candidates. If the embeddings of all splits are known to share one
    space, the windows of all splits are searched for neighbours. Raises an `InputError` for a series without an
    observed value, and for a strategy that cannot be fitted within the time budget.
    """
    inputs = inputs or FitInputs()
    budget = budget or TimeBudget.starting_now(config)
    bounds_of(config, series.columns)  # raises an error for unusable limits before any training
    series, donor = _in_working_order(series, inputs)
    requested, config = config, shrink_to(config, series.n_steps if donor is None else 2 * series.n_steps)
    if not series.observed.any():
        raise InputError("no value column has a single observed cell, so there is nothing to learn from.")
    cycles = find_cycles(series if donor is None or donor.n_steps < series.n_steps else donor)
    columns, covariates = series.columns, _covariates_in_working_order(inputs.covariates)
    series = trusted(series)
    kinds = _find_kinds(series, config, inputs).with_more(len(covariates))
    check_kinds(config, columns, kinds)
    series = with_covariates(series, inputs.covariates, covariates)
    working = kinds.encode(series)
    units = ColumnUnits(kinds, _fit_scaler(working, config, inputs.train_rows), series)
    scaled = ScaledSeries(
        values=units.scaler.apply(working.values),
        clock=clock_features(series, cycles),
        tied=kinds.tied,
        position=column_of(series.position),
    )
    for_networks = needs_encoder((*config.strategies, *(name for name in inputs.compare_with if name != AUTO)))
    held_out = hold_out(scaled, config, for_networks=for_networks, targets=kinds.column_of < len(columns))
    joined = None
    if donor is not None:
        joined = followed_by_donor(held_out, kinds.encode(donor), units.scaler, cycles, config.windows.length)
    fitter = StrategyFitter(held_out, config, units, inputs.compare_with, budget, inputs.progress, joined)
    elsewhere = fitter.with_config(config_elsewhere(config, inputs.embeddings))
    encoder, encoder_history = _make_encoder(inputs, elsewhere, units.scaler, working)
    all_splits = join_splits(inputs.embeddings)
    return Fitted(
        config=config,
        columns=columns,
        covariates=covariates,
        kinds=kinds,
        labels=series.labels,
        known=np.asarray(series.observed.any(axis=0)),
        scaler=units.scaler,
        cycles=cycles,
        stamped=series.time is not None,
        encoder=encoder,
        builtin=elsewhere.fit_builtin(encoder, encoder_history),
        stored={split: fitter.fit_stored(split, stored, all_splits) for split, stored in inputs.embeddings.items()},
        one_space=all_splits is not None,
        n_steps=series.n_steps,
        shrunk_from=requested.windows.length if config.windows.length < requested.windows.length else None,
    )


def _in_working_order(series: Series, inputs: FitInputs) -> tuple[Series, Series | None]:
    """The series, and the donor table, with their columns in working order; embeddings may need that of the table."""
    donor = inputs.donor_table
    if inputs.embeddings or (inputs.encoder and not inputs.any_order):
        return series, donor
    series = in_order(series, working_order(series.columns, [series.values]))
    return series, None if donor is None else in_order(donor, series.columns)


def _covariates_in_working_order(covariates: Covariates | None) -> tuple[str, ...]:
    return working_order(covariates.columns, [covariates.values]) if covariates else ()


def _find_kinds(series: Series, config: Config, inputs: FitInputs) -> ColumnKinds:
    """The kinds of the columns; encoders other than the builtin one need a working column for each column."""
    kinds = ColumnKinds.found(series, config.kind, cycle_steps(series))
    return kinds.as_numbers(series.values) if inputs.embeddings or inputs.encoder else kinds


def shrink_to(config: Config, n_steps: int) -> Config:
    """The settings, with the window shortened to half of `n_steps` (at least 2 steps) where it is longer."""
    return window_of(config, max(2, n_steps // 2))


def window_of(config: Config, most: int) -> Config:
    """The settings, with the window shortened to `most` steps where it is longer."""
    if most >= config.windows.length:
        return config
    return config.replace(length=most, stride=min(config.windows.stride, max(1, most // 4)))


def _fit_scaler(series: Series, config: Config, train_rows: int | None) -> ColumnScaler:
    """A scaler fitted to the first `train_rows`; columns constant or empty there are scaled by the whole series."""
    whole = ColumnScaler.fit(series.values, config.windows.scaling)
    return ColumnScaler.fit(series.values[:train_rows], config.windows.scaling).where_flat(whole)


def _make_encoder(
    inputs: FitInputs, fitter: StrategyFitter, scaler: ColumnScaler, series: Series
) -> tuple[Encoder | None, dict[str, History]]:
    """The encoder of the builtin path and its training history; None if no strategy needs it or time runs out."""
    if not fitter.needs_encoder:
        return None, {}
    if inputs.encoder is None:
        return fitter.fit_encoder()
    make_smoother = partial(SmoothedSeries.fit, fitter.held_out.visible, fitter.config)
    return inputs.encoder(scaler, series, make_smoother), {}
