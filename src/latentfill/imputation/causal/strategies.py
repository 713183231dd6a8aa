"""The strategies that estimate each cell from earlier steps alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.imputation.causal.past import PastEstimates, cycle_ago, last_reading
from latentfill.strategies.classes import series_strategy_class
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.state_space.strategy import Smoother
from latentfill.windows.cycles import steps_per_cycle
from latentfill.windows.windows import ScaledSeries

NAMES = ("locf", "seasonal", "autoregression", "state_space", "factors")
FACTORS_FROM = 12  # columns; with more, factors are filtered instead of all columns together
CELLS_AT_ONCE = 2_000_000  # of series that are estimated at once; a dozen arrays of numbers of this size are held


@dataclass(frozen=True, slots=True, eq=False)
class PastStrategies:
    """The last reading, the reading a cycle ago, and whole-series models that filter."""

    names: tuple[str, ...]  # K, the last reading first
    smoothers: Mapping[str, Smoother]  # by name; without those whose numbers overflowed

    @classmethod
    def fit(cls, series: ScaledSeries, seed: int) -> PastStrategies:
        """Learn from a series."""
        names = _smoother_names(series.values.shape[1])
        fitted = {name: _fit_smoother(name, series, seed) for name in names}
        seasonal = ("seasonal",) if series.clock.shape[1] else ()
        known = {name: smoother for name, smoother in fitted.items() if smoother is not None}
        return cls(("locf", *seasonal, *names), known)

    def estimate(self, series: ScaledSeries) -> PastEstimates:
        """The estimates of all strategies for a series (T, C)."""
        return self._estimate(series.values[None], series.clock)[0]

    def estimate_each(self, values: FloatArray, clock: FloatArray) -> Iterator[PastEstimates]:
        """The same for each of N series with `values` (N, T, C) at the same times."""
        at_once = max(1, CELLS_AT_ONCE // max(1, values[0].size))
        for first in range(0, len(values), at_once):
            yield from self._estimate(values[first : first + at_once], clock)

    def _estimate(self, values: FloatArray, clock: FloatArray) -> list[PastEstimates]:
        """The same, for all series at once."""
        estimates, spread = np.full((len(self.names), *values.shape), np.nan), np.full(values.shape, np.nan)
        cycle = steps_per_cycle(clock)
        for estimate, name in zip(estimates, self.names, strict=True):
            if name == "locf":
                estimate[:] = last_reading(values)
            elif name == "seasonal" and cycle:
                estimate[:] = cycle_ago(values, cycle)
            elif name in self.smoothers:
                clocks = np.broadcast_to(clock, (len(values), *clock.shape))
                filtered = self.smoothers[name].estimate_past(values, clocks)
                estimate[:], spread = filtered.values, filtered.spread
        return [PastEstimates(self.names, estimates[:, n], spread[n]) for n in range(len(values))]


def _smoother_names(n_columns: int) -> tuple[str, ...]:
    """The whole-series models to filter with: each column alone, and all together."""
    together = "factors" if n_columns > FACTORS_FROM else "state_space"
    return ("autoregression", together) if n_columns > 1 else ("autoregression",)


def _fit_smoother(name: str, series: ScaledSeries, seed: int) -> Smoother | None:
    """A whole-series model of a series; None if its numbers overflow."""
    try:
        data = SeriesData(series, np.full(series.values.shape, np.nan), seed)
        return cast(Smoother, series_strategy_class(name).fit(data))
    except ArithmeticError:
        return None
