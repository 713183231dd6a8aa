"""Scaling of many series, each by its own observed cells as far as it has enough of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latentfill.core.config_settings import Scaling
from latentfill.core.series import FloatArray
from latentfill.windows.scaling import ColumnScaler, list_to_numbers, numbers_to_list

ENOUGH_CELLS = 5  # observed cells of a column from which level and spread of a series are learnt
PERSISTENCE = 10.0  # cells that tell as much about the level as one independent cell does
MOST_PRIOR_CELLS = 1000.0
ARRAYS = ("level_cells", "spread_cells", "low", "high")  # of the scaler, besides the typical one


@dataclass(frozen=True, slots=True, eq=False)
class SeriesScaler:
    """Scales each series by its own level and spread; with few observed cells these are pulled to the typical ones.

    They are pulled less, the more the series differ (empirical Bayes, James and Stein 1961).
    """

    typical: ColumnScaler  # median level and spread of the series; the observed range is that of all series
    method: Scaling
    level_cells: FloatArray  # (C,) observed cells that the typical level counts for
    spread_cells: FloatArray  # (C,) observed cells that the typical spread counts for
    low: FloatArray  # (C,) smallest observed value in scaled units
    high: FloatArray  # (C,) largest observed value in scaled units

    @classmethod
    def fit(cls, series: Sequence[FloatArray], whole: ColumnScaler, method: Scaling) -> SeriesScaler:
        """Learn from the values (T, C) of several series; `whole` is the scaler of all of them together."""
        level, spread = _levels_and_spreads(series, method)
        typical = replace(whole, shift=_medians(level, whole.shift), scale=_medians(spread, whole.scale))
        level_cells, spread_cells = _prior_cells(level / typical.scale, 1.0), _prior_cells(np.log(spread), 0.5)
        scaler = cls(typical, method, level_cells, spread_cells, whole.low, whole.high)
        scaled = [scaler._alone(values).apply(values) for values in series]
        return replace(
            scaler,
            low=np.fmin.reduce([np.fmin.reduce(values, axis=0) for values in scaled]),
            high=np.fmax.reduce([np.fmax.reduce(values, axis=0) for values in scaled]),
        )

    def of(self, values: FloatArray) -> ColumnScaler:
        """The scaler of a series with `values` (T, C); its range is that of all series, in their scaled units."""
        alone = self._alone(values)
        low, high = alone.invert(self.low), alone.invert(self.high)
        return replace(alone, low=np.fmax(low, self.typical.low), high=np.fmin(high, self.typical.high))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists for JSON; floats survive the round trip exactly."""
        own = {name: numbers_to_list(getattr(self, name)) for name in ARRAYS}
        return {"typical": self.typical.to_dict(), "method": self.method, **own}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> SeriesScaler:
        """The scaler that `to_dict` described."""
        own = {name: list_to_numbers(state[name]) for name in ARRAYS}
        return cls(ColumnScaler.from_dict(state["typical"]), state["method"], **own)

    def _alone(self, values: FloatArray) -> ColumnScaler:
        """The scaler of a series, with its own range."""
        own = ColumnScaler.fit(values, self.method)
        cells = (~np.isnan(values)).sum(axis=0)
        of_level, of_spread = cells / (cells + self.level_cells), cells / (cells + self.spread_cells)
        spread = np.where(own.high > own.low, own.scale, self.typical.scale)
        return replace(
            own,
            shift=of_level * own.shift + (1 - of_level) * self.typical.shift,
            scale=np.exp(of_spread * np.log(spread) + (1 - of_spread) * np.log(self.typical.scale)),
        )


def _prior_cells(values: FloatArray, variance: float) -> FloatArray:
    """Observed cells (C,) that the typical one of `values` (S, C) counts for, if one cell tells it with a `variance`.

    It is the variance of what a series' own cells tell, over that between series; with fewer than two series, as if
    both were equal.
    """
    between = [np.var(column[~np.isnan(column)]) if (~np.isnan(column)).sum() > 1 else variance for column in values.T]
    return np.minimum(PERSISTENCE * variance / np.maximum(between, 1e-12), MOST_PRIOR_CELLS)


def _medians(values: FloatArray, otherwise: FloatArray) -> FloatArray:
    """Medians (C,) of the known ones of `values` (S, C); `otherwise` (C,) in a column without any."""
    known = [column[~np.isnan(column)] for column in values.T]
    return np.array([np.median(of) if of.size else other for of, other in zip(known, otherwise, strict=True)])


def _levels_and_spreads(series: Sequence[FloatArray], method: Scaling) -> tuple[FloatArray, FloatArray]:
    """Shift and scale (S, C) of each series; NaN where a column is constant or has fewer than `ENOUGH_CELLS`."""
    scalers = [ColumnScaler.fit(values, method) for values in series]
    enough = np.array([(~np.isnan(values)).sum(axis=0) >= ENOUGH_CELLS for values in series])
    enough &= np.array([scaler.high > scaler.low for scaler in scalers])
    parts = (np.array([getattr(scaler, name) for scaler in scalers]) for name in ("shift", "scale"))
    level, spread = (np.where(enough, part, np.nan) for part in parts)
    return level, spread
