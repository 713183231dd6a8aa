"""A model that is learnt from the history of a series, and fills later steps from what came before each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.core.strategy_table import STRATEGIES
from latentfill.imputation.causal.past import PastEstimates, estimate_past, past_cells, past_features
from latentfill.imputation.doubt.trusted import trusted
from latentfill.imputation.validation.column_errors import in_columns
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.holdout_errors import errors_at
from latentfill.imputation.validation.intervals import Calibration
from latentfill.kinds.columns import ColumnKinds
from latentfill.strategies.classes import series_strategy_class
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.state_space.strategy import Smoother
from latentfill.windows.cycles import clock_features, cycle_steps, find_cycles, steps_per_cycle
from latentfill.windows.hiding import hide_like_gaps, together
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries

HIDDEN = 0.15  # share of the readings that are hidden to learn weights and intervals
FEWEST_ROWS = 100  # of a history that more than the last reading is learnt from
FACTORS_FROM = 12  # columns; with more, factors are filtered instead of all columns together


@dataclass(frozen=True, slots=True, eq=False)
class PastModel:
    """Everything that was learnt from a history."""

    kinds: ColumnKinds
    scaler: ColumnScaler
    cycles: tuple[float, ...]
    smoothers: Mapping[str, Smoother]
    names: tuple[str, ...]  # K strategies, in the order of their weights
    ensemble: Ensemble
    calibration: Calibration

    @classmethod
    def fit(cls, history: Series, config: Config) -> PastModel:
        """Learn from a history (T, C); some of its readings are hidden to weigh the strategies on them."""
        history = trusted(history)
        kinds = ColumnKinds.found(history, config.kind, cycle_steps(history))
        scaler = ColumnScaler.fit(kinds.encode(history).values, config.windows.scaling)
        unfitted = cls(kinds, scaler, find_cycles(history), {}, (), Ensemble.only(0, 1, 1), _no_calibration(kinds))
        whole, hidden = unfitted.scaled(history), _hide(unfitted.scaled(history), config.seed)
        visible = whole.without(hidden)
        smoothers = {name: _fit_smoother(name, visible, config.seed) for name in _strategies(whole)}
        model = replace(unfitted, smoothers={name: each for name, each in smoothers.items() if each is not None})
        return model._weighed(visible, np.where(hidden, whole.values, np.nan), config.seed)

    def scaled(self, series: Series) -> ScaledSeries:
        """The working columns of a series, scaled."""
        values = self.scaler.apply(self.kinds.encode(series).values)
        return ScaledSeries(values, clock_features(series, self.cycles), tied=self.kinds.tied)

    def estimate(self, scaled: ScaledSeries) -> PastEstimates:
        """The estimates of all strategies, each from readings up to its step."""
        return estimate_past(self.smoothers, steps_per_cycle(scaled.clock), scaled)

    @property
    def units(self) -> ColumnUnits:
        """How the columns become working columns, and back."""
        return ColumnUnits(self.kinds, self.scaler)

    @property
    def codes(self) -> list[int]:
        """The cell code of each strategy."""
        return [STRATEGIES[name].cell_code(stored=False).number for name in self.names]

    def _weighed(self, visible: ScaledSeries, truth: FloatArray, seed: int) -> PastModel:
        """The model with weights and intervals that are learnt from hidden readings with this `truth` (T, W)."""
        estimates = self.estimate(visible)
        cells = past_cells(~np.isnan(truth) & ~np.isnan(estimates.values).all(axis=0), visible.values)
        at = (cells.step, cells.column)
        errors = errors_at(estimates.values[:, *at], truth[at])
        is_check = SeedStream.CHECKS.generator(seed).random(len(cells)) < 0.5
        ensemble = Ensemble.fit(errors, cells)
        left = -(ensemble.at(cells) * errors).sum(axis=0)
        sample = ErrorSample(cells, left, past_features(cells, visible.values, estimates))
        parts = [in_columns(sample.where(part), truth[at][part], self.units) for part in (~is_check, is_check)]
        learn, check = (part.where(self.units.are_amounts(part.cells)) for part in parts)
        return replace(self, names=estimates.names, ensemble=ensemble, calibration=Calibration.fit(learn, check))


def _strategies(series: ScaledSeries) -> tuple[str, ...]:
    """The smoothers to filter with: each column alone, and all together."""
    n_columns = int(series.values.shape[1])
    together = "factors" if n_columns > FACTORS_FROM else "state_space"
    return ("autoregression", together) if n_columns > 1 else ("autoregression",)


def _fit_smoother(name: str, series: ScaledSeries, seed: int) -> Smoother | None:
    """A whole-series model of a history; None if its numbers overflow."""
    try:
        data = SeriesData(series, np.full(series.values.shape, np.nan), seed)
        return cast(Smoother, series_strategy_class(name).fit(data))
    except ArithmeticError:
        return None


def _hide(series: ScaledSeries, seed: int) -> BoolArray:
    """Readings to hide in the pattern of the history's own gaps; tied columns together."""
    observed = series.observed
    hidden: BoolArray = np.zeros_like(observed)
    first = np.arange(observed.shape[1]) if series.tied is None else np.unique(series.tied)
    hidden[:, first] = hide_like_gaps(SeedStream.HOLDOUT.generator(seed), observed[:, first], HIDDEN)
    return together(hidden, series.tied)


def _no_calibration(kinds: ColumnKinds) -> Calibration:
    cells = past_cells(np.zeros((0, len(kinds)), dtype=bool), np.zeros((0, len(kinds))))
    nothing = ErrorSample(cells, np.zeros(0), np.zeros((0, 5)))
    return Calibration.fit(nothing, nothing)
