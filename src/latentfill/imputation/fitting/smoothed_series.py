"""A series smoothed as a whole, to fill the windows of encoders that cannot read gaps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.imputation.fitting.stages import FEWEST_ROWS, MOST_TRIED
from latentfill.imputation.validation.holdout import hold_out
from latentfill.strategies.classes import series_strategy_class
from latentfill.strategies.protocols.series_strategy import SeriesData, SeriesStrategy
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows, cut


@dataclass(frozen=True, eq=False)
class SmoothedSeries:
    """A series and its posterior mean; it estimates the cells of windows, as a `WindowSmoother`."""

    series: ScaledSeries  # without the cells that must stay hidden
    model: SeriesStrategy

    @classmethod
    def fit(cls, series: ScaledSeries, config: Config) -> Self:
        """Fit `state_space`, or `factors` to many columns; raises an `InputError` if too few rows have a value.

        Some cells are held out to choose the model's settings.
        """
        read = int(series.observed.any(axis=1).sum())
        if read < FEWEST_ROWS:
            raise InputError(
                f"the series cannot be smoothed to fill windows: {read} of its {series.n_steps} rows have a value, and "
                f"{FEWEST_ROWS} are needed. Fill windows in another way (rough_fill linear, or the input filled)."
            )
        strategy = "state_space" if series.values.shape[1] <= MOST_TRIED["state_space"] else "factors"
        inner = hold_out(series, config)
        truth = np.where(inner.tuning | inner.score, series.values, np.nan)
        model = series_strategy_class(strategy).fit(SeriesData(inner.visible, truth, config.seed))
        return cls(series, model)

    @cached_property
    def values(self) -> FloatArray:
        """Estimates (T, C) from the whole series."""
        return self._estimate(self.series.values, self.series.clock)

    def estimate(self, windows: Windows) -> FloatArray:
        """Estimates (B, L, C) of all cells of windows, in scaled units.

        A window that shows all that the series does is estimated from the whole series. Any other window, in which
        cells are hidden or which is not of this series, is estimated from its own cells alone.
        """
        whole = self._shows_all(windows)
        estimate = np.empty(windows.values.shape)
        estimate[whole] = cut(self.values, windows.starts[whole], windows.length)
        if not whole.all():
            part = windows.take(np.nonzero(~whole)[0])
            estimate[~whole] = self._estimate(part.values, part.clock)
        return estimate

    def _estimate(self, values: FloatArray, clock: FloatArray) -> FloatArray:
        """The model's estimates (..., L, C); 0 in columns without a single value, of which it knows nothing."""
        known = self.series.observed.any(axis=0)
        return np.where(known, self.model.estimate(values, clock).values, 0.0)

    def _shows_all(self, windows: Windows) -> BoolArray:
        """Whether each window (B,) shows all cells that the series does, with their values."""
        inside = (windows.starts >= 0) & (windows.starts + windows.length <= self.series.n_steps)
        shows = inside.copy()
        known = cut(self.series.values, windows.starts[inside], windows.length)
        shown, read = windows.values[inside], ~np.isnan(known)
        same = ((shown == known) | ~read).all(axis=(1, 2))
        shows[inside] = same & (read.any(axis=(1, 2)) | np.isnan(shown).all(axis=(1, 2)))
        return shows


def smoothed_values(series: Series, config: Config) -> FloatArray:
    """The values (T, C) of a series in original units, its gaps filled by smoothing it as a whole."""
    scaler = ColumnScaler.fit(series.values, config.windows.scaling)
    scaled = ScaledSeries(scaler.apply(series.values), clock_features(series, find_cycles(series)))
    estimate = scaler.invert(SmoothedSeries.fit(scaled, config).values)
    return np.where(series.observed, series.values, estimate)
