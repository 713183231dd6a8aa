"""Imputation by a repeated seasonal profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.baseline import Baseline, observed_mean
from latentfill.windows.cycles import find_period, steps_per_cycle
from latentfill.windows.gaps import interpolate
from latentfill.windows.windows import ScaledSeries

DEFAULT_PERIOD = 24  # steps, if the fitted series has no clock and no clear period: a day of hourly data
PIECE = 500  # steps; in longer pieces, drift makes multiples of the period look clearer than the period itself


class Seasonal(Baseline):
    """A seasonal profile, plus a linear interpolation of the remainder.

    The period is the shortest cycle of the clock: the day, where time stamps tell it. Values alone show it less
    exactly, as drift moves their peaks. Without a clock, `fit` finds the period of each piece of the series and keeps
    the most frequent one. The profile comes from the series or window that is filled: subtract a moving mean over one
    period, then average the observed cells at the same phase. Cells at a phase without an observed cell are only
    interpolated linearly.
    """

    period_: int  # steps

    def fit(self, series: FloatArray) -> Self:
        pieces = np.split(series, range(PIECE, len(series), PIECE))
        periods = Counter(period for period in map(find_period, pieces) if period)
        self.period_ = periods.most_common(1)[0][0] if periods else DEFAULT_PERIOD
        return super().fit(series)

    def fit_series(self, series: ScaledSeries) -> Self:
        fitted = super().fit_series(series)
        fitted.period_ = steps_per_cycle(series.clock) or fitted.period_
        return fitted

    def state(self) -> dict[str, FloatArray]:
        return super().state() | {"period": np.array(self.period_)}

    def load(self, state: Mapping[str, FloatArray]) -> Self:
        self.period_ = int(state["period"])
        return super().load(state)

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        profile = self._profile(values - self._level(values))
        return profile + interpolate(values - profile, position)

    def _profile(self, values: FloatArray) -> FloatArray:
        """The mean of the observed cells at the same phase, (..., L, C); NaN where there are none."""
        *lead, length, columns = values.shape
        periods = -(-length // self.period_)
        padding = [(0, 0)] * len(lead) + [(0, periods * self.period_ - length), (0, 0)]
        by_phase = np.pad(values, padding, constant_values=np.nan).reshape(*lead, periods, self.period_, columns)
        mean = np.broadcast_to(observed_mean(by_phase, axis=-3), by_phase.shape)
        return mean.reshape(*lead, -1, columns)[..., :length, :]

    def _level(self, values: FloatArray) -> FloatArray:
        """Moving mean over one period, (..., L, C), after linear interpolation of the gaps."""
        # `moving_mean` rounds differently, so with it a model would no longer fill as it did in earlier versions.
        step, half = np.arange(values.shape[-2]), self.period_ // 2
        first, stop = np.maximum(step - half, 0), np.minimum(step + half + 1, len(step))
        running = np.cumsum(np.nan_to_num(interpolate(values)), axis=-2)
        running = np.concatenate([np.zeros_like(running[..., :1, :]), running], axis=-2)
        level: FloatArray = (running[..., stop, :] - running[..., first, :]) / (stop - first)[:, None]
        return level
