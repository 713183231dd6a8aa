"""Scaling of series that differ in level and spread, each by its own observed cells as far as it has enough of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.config_settings import Scaling
from latentfill.core.series import FloatArray
from latentfill.windows.scaling import ColumnScaler

ENOUGH_CELLS = 20  # observed cells of a column from which level and spread of a series are known
PRIOR_CELLS = 10.0  # cells that the typical level and spread count for in a series


@dataclass(frozen=True, slots=True, eq=False)
class SeriesScaler:
    """Scales each series by its own level and spread; with few observed cells these are pulled to the typical ones."""

    typical: ColumnScaler  # median level and spread of the series; the observed range is that of all series
    method: Scaling
    low: FloatArray  # (C,) smallest observed value in scaled units
    high: FloatArray  # (C,) largest observed value in scaled units

    @classmethod
    def fit(cls, series: Sequence[FloatArray], whole: ColumnScaler, method: Scaling) -> SeriesScaler:
        """Learn from the values (T, C) of several series; `whole` is the scaler of all of them together."""
        level, spread = _levels_and_spreads(series, method)
        typical = replace(whole, shift=_medians(level, whole.shift), scale=_medians(spread, whole.scale))
        scaler = cls(typical, method, whole.low, whole.high)
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

    def _alone(self, values: FloatArray) -> ColumnScaler:
        """The scaler of a series, with its own range."""
        own = ColumnScaler.fit(values, self.method)
        cells = (~np.isnan(values)).sum(axis=0)
        share = cells / (cells + PRIOR_CELLS)
        spread = np.where(own.high > own.low, own.scale, self.typical.scale)
        return replace(
            own,
            shift=share * own.shift + (1 - share) * self.typical.shift,
            scale=np.exp(share * np.log(spread) + (1 - share) * np.log(self.typical.scale)),
        )


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
