"""Fitting one model to many series with the same columns, for series that are too short to learn from alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from latentfill.core.column_order import in_working_order
from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.doubt.trusted import trusted
from latentfill.imputation.fitting.bounds import bounds_of, check_kinds
from latentfill.imputation.fitting.fit import window_of
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.fitting.strategy_fitter import StrategyFitter
from latentfill.imputation.fitting.time_budget import TimeBudget
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.holdout import evenly, hold_out
from latentfill.kinds.columns import ColumnKinds
from latentfill.nn.progress import ProgressCallback
from latentfill.strategies.candidates import needs_encoder
from latentfill.windows.cycles import clock_features, shared_cycles
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.series_scaling import SeriesScaler
from latentfill.windows.windows import ScaledSeries, column_of, joined_positions

MOST_STEPS = 1 << 15  # that are learnt from, of all series together
SHORTEST_PART = 1 << 10  # steps of a long series that are learnt from, at least
MOST_WORK = 1e10  # sum over windows that are a half apart of the cubes of their missing cells, which kriging solves for
MOST_CELLS = 1024  # of a window that kriging solves for at once
FEWEST_PARTS = 100  # that are learnt from in spite of it


@dataclass(frozen=True, eq=False)
class Pool:
    """Series with the same columns that one model is fitted to."""

    series: Sequence[Series]  # those learnt from; of long ones a part
    length: int  # steps per window
    cycles: tuple[float, ...]
    kinds: ColumnKinds

    @classmethod
    def of(cls, series: Sequence[Series], length: int, kind: str | None) -> Pool:
        """A pool of series that have observed cells, evenly over all: as many as can be learnt from in short time."""
        longest = max(each.n_steps for each in series)
        part = min(longest, max(SHORTEST_PART, MOST_STEPS // len(series)))
        by_work = max(FEWEST_PARTS, int(MOST_WORK / _work(series, part, length)))
        chosen = evenly(np.arange(len(series)), max(1, min(MOST_STEPS // (part + length), by_work)))
        parts = [middle_of(series[at], part) for at in chosen.tolist()]
        return cls(parts, length, shared_cycles(series), find_kinds(parts, kind))

    def scaled(self, scalers: Sequence[ColumnScaler]) -> ScaledSeries:
        """The series in scaled units, one below the other; no window sees two of them, as empty steps lie between."""
        n_steps = max(each.n_steps for each in self.series) + self.length
        padded = [
            ScaledSeries(
                scaler.apply(values), clock_features(each, self.cycles), position=column_of(each.position)
            ).padded_to(n_steps)
            for each, values, scaler in zip(self.series, self.values, scalers, strict=True)
        ]
        values, clock = (np.concatenate([getattr(each, name) for each in padded]) for name in ("values", "clock"))
        position = joined_positions([(each.position, each.values) for each in padded])
        return ScaledSeries(values, clock, len(padded), self.kinds.tied, position)

    @cached_property
    def values(self) -> list[FloatArray]:
        """The working columns (T, W) of each series."""
        return [self.kinds.encode(each).values for each in self.series]


def fit_pool(series: Sequence[Series], config: Config, progress: ProgressCallback | None = None) -> Fitted:
    """Fit one model to series with the same columns; the windows are at most as long as the longest series.

    Windows are half a window apart or more, as cells need not be estimated four times where there are so many. Each
    series is scaled by itself, see `SeriesScaler`. Raises an `InputError` if no series has an observed value, and for a
    strategy that cannot be fitted within the time budget.
    """
    budget = TimeBudget.starting_now(config)
    bounds_of(config, series[0].columns)  # raises an error for unusable limits before any training
    series = [trusted(each) for each in in_working_order(series) if each.observed.any()]
    if not series:
        raise InputError("no value column has a single observed cell, so there is nothing to learn from.")
    columns = series[0].columns
    requested, config = config, window_of(config, max(2, *(each.n_steps for each in series)))
    config = config.replace(stride=max(config.windows.stride, config.windows.length // 2))
    pool = Pool.of(series, config.windows.length, config.kind)
    check_kinds(config, columns, pool.kinds)
    method = config.windows.scaling
    scaler = ColumnScaler.fit(np.concatenate(pool.values), method)
    by_series = SeriesScaler.fit(pool.values, scaler, method)
    scaled = pool.scaled([by_series.of(values) for values in pool.values])
    fitted = fit_parts(pool, scaled, scaler, config, budget, progress)
    is_shorter = config.windows.length < requested.windows.length
    return replace(fitted, by_series=by_series, shrunk_from=requested.windows.length if is_shorter else None)


def fit_parts(
    pool: Pool,
    scaled: ScaledSeries,
    scaler: ColumnScaler,
    config: Config,
    budget: TimeBudget,
    progress: ProgressCallback | None,
    compare_with: Sequence[str] = (),
) -> Fitted:
    """Fit one model to the series of a pool, which are the parts of the `scaled` one; see `FitInputs.compare_with`."""
    compared = (name for name in compare_with if name != AUTO)
    held_out = hold_out(scaled, config, for_networks=needs_encoder((*config.strategies, *compared)))
    fitter = StrategyFitter(held_out, config, ColumnUnits(pool.kinds, scaler), compare_with, budget, progress)
    encoder, history = fitter.fit_encoder() if fitter.needs_encoder else (None, {})
    first = pool.series[0]
    return Fitted(
        config=config,
        columns=first.columns,
        kinds=pool.kinds,
        labels=first.labels,
        known=np.any([each.observed.any(axis=0) for each in pool.series], axis=0),
        scaler=scaler,
        cycles=pool.cycles,
        stamped=first.time is not None,
        encoder=encoder,
        builtin=fitter.fit_builtin(encoder, history),
        stored={},
        n_steps=held_out.series.n_steps,
    )


def find_kinds(series: Sequence[Series], kind: str | None, cycle: int | None = None) -> ColumnKinds:
    """The kinds of the columns, from the readings of all series, with an empty step between two of them.

    `cycle` is the number of steps of the shortest cycle, if it is known.
    """
    first, empty = series[0], np.full((1, len(series[0].columns)), np.nan)
    values = np.concatenate([part for each in series for part in (each.values, empty)])
    joined = Series(values, first.columns, None, np.arange(len(values)), labels=first.labels)
    return ColumnKinds.found(joined, kind, cycle)


def _work(series: Sequence[Series], part: int, length: int) -> float:
    """Work of kriging in a part of a series, see `MOST_WORK`."""
    observed = sum(int(each.observed.sum()) for each in series) / sum(each.values.size for each in series)
    missing = (1 - observed) * min(length * len(series[0].columns), MOST_CELLS)
    return max(1.0, 2 * part / length - 1) * max(1.0, missing) ** 3


def middle_of(series: Series, n_steps: int) -> Series:
    """The `n_steps` in the middle of a series."""
    first = max(0, (series.n_steps - n_steps) // 2)
    return series.part(slice(first, first + n_steps))
