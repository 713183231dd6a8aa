"""A model that is learnt from the history of a series, and fills later steps from what came before each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.core.series import Series
from latentfill.core.strategy_table import STRATEGIES
from latentfill.imputation.causal.backtest import backtest
from latentfill.imputation.causal.past import PastEstimates, past_cells
from latentfill.imputation.causal.strategies import PastStrategies
from latentfill.imputation.doubt.trusted import trusted
from latentfill.imputation.validation import prior_gains
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.intervals import Calibration
from latentfill.kinds.columns import ColumnKinds
from latentfill.windows.cycles import clock_features, cycle_steps, find_cycles
from latentfill.windows.gaps import BUCKET_NAMES
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries

FEWEST_ROWS = 100  # of a history that more than the last reading is learnt from
GROWTH = 1.5  # of the history from one model to the next
FEWEST_GAPS = 20  # hidden in a column, for a length of gaps to have weights and intervals of its own


@dataclass(frozen=True, slots=True, eq=False)
class PastModel:
    """Everything that was learnt from a history."""

    kinds: ColumnKinds
    scaler: ColumnScaler
    cycles: tuple[float, ...]
    strategies: PastStrategies
    longest: int  # kind of the longest gaps with weights and intervals of their own; longer ones have the same
    ensemble: Ensemble
    calibration: Calibration

    @classmethod
    def fit(cls, history: Series, config: Config) -> PastModel:
        """Learn from a history (T, C); strategies are weighed by the errors of backtests."""
        history = trusted(history)
        kinds = ColumnKinds.found(history, config.kind, cycle_steps(history))
        units = ColumnUnits(kinds, ColumnScaler.fit(kinds.encode(history).values, config.windows.scaling))
        cycles = find_cycles(history)
        scaled = _scaled(history, units, cycles)
        strategies = PastStrategies.fit(scaled, config.seed)
        errors = backtest(scaled, GROWTH, config.seed)
        longest = _longest_kind(errors.cells)
        errors = replace(errors, cells=_as_shorter(errors.cells, longest))
        ensemble = Ensemble.fit(errors.errors, errors.cells, prior_gains.NONE)
        ensemble = ensemble.not_worse_than_one(errors.errors, errors.cells)
        is_check = SeedStream.CHECKS.generator(config.seed).random(len(errors.cells)) < 0.5
        parts = [errors.where(part).of_ensemble(ensemble, units) for part in (~is_check, is_check)]
        learn, check = (part.where(units.are_amounts(part.cells)) for part in parts)
        calibration = Calibration.fit(learn, check)
        return cls(kinds, units.scaler, cycles, strategies, longest, ensemble, calibration)

    def scaled(self, series: Series) -> ScaledSeries:
        """The working columns of a series, scaled."""
        return _scaled(series, self.units, self.cycles)

    def estimate(self, scaled: ScaledSeries) -> PastEstimates:
        """The estimates of all strategies, each from readings up to its step."""
        return self.strategies.estimate(scaled)

    def cells(self, scaled: ScaledSeries) -> Cells:
        """The missing working cells of a series."""
        return _as_shorter(past_cells(~scaled.observed, scaled.values), self.longest)

    @property
    def units(self) -> ColumnUnits:
        """How the columns become working columns, and back."""
        return ColumnUnits(self.kinds, self.scaler)

    @property
    def codes(self) -> list[int]:
        """The cell code of each strategy."""
        return [STRATEGIES[name].cell_code(stored=False).number for name in self.strategies.names]


def _scaled(series: Series, units: ColumnUnits, cycles: tuple[float, ...]) -> ScaledSeries:
    values = units.scaler.apply(units.kinds.encode(series).values)
    return ScaledSeries(values, clock_features(series, cycles), tied=units.kinds.tied)


def _as_shorter(cells: Cells, longest: int) -> Cells:
    """The cells, those in gaps of longer kinds as if they lay in gaps of the kind `longest`."""
    return replace(cells, kind=np.minimum(cells.kind, longest))


def _longest_kind(cells: Cells) -> int:
    """The kind of the longest gaps of which a column has `FEWEST_GAPS`; the shortest if none has."""
    _, first = np.unique(cells.gap_number * len(BUCKET_NAMES) + cells.kind, return_index=True)
    count = np.zeros((cells.n_columns, len(BUCKET_NAMES)))
    np.add.at(count, (cells.column[first], cells.kind[first]), 1)
    return int(np.flatnonzero(count.max(axis=0, initial=0) >= FEWEST_GAPS).max(initial=0))
