"""A seasonal profile, repeated through the gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.baseline import Baseline, observed_mean
from latentfill.windows.cycles import find_period
from latentfill.windows.gaps import interpolate

DEFAULT_PERIOD = 24  # steps, where the series fitted to shows no period: a day of hourly data
PIECE = 500  # steps; in longer pieces of a series, drift makes multiples of the period look clearer than the period


class Seasonal(Baseline):
    """A seasonal profile, plus straight lines across the gaps of what it leaves unexplained.

    The period is the one that most pieces of the series fitted to show. The profile comes from the observed cells of
    the series or window that is filled: after subtracting a moving mean over one period, the mean of all cells at the
    same phase. A phase without an observed cell gets straight lines alone.
    """

    period_: int  # steps

    def fit(self, series: FloatArray) -> Self:
        pieces = np.split(series, range(PIECE, len(series), PIECE))
        periods = Counter(period for period in map(find_period, pieces) if period)
        self.period_ = periods.most_common(1)[0][0] if periods else DEFAULT_PERIOD
        return super().fit(series)

    def state(self) -> dict[str, FloatArray]:
        return super().state() | {"period": np.array(self.period_)}

    def load(self, state: Mapping[str, FloatArray]) -> Self:
        self.period_ = int(state["period"])
        return super().load(state)

    def estimate(self, values: FloatArray) -> FloatArray:
        profile = self._profile(values - self._level(values))
        return profile + interpolate(values - profile)

    def _profile(self, values: FloatArray) -> FloatArray:
        """The mean of the observed cells at the same phase, (..., L, C); NaN where there are none."""
        *lead, length, columns = values.shape
        periods = -(-length // self.period_)
        padding = [(0, 0)] * len(lead) + [(0, periods * self.period_ - length), (0, 0)]
        by_phase = np.pad(values, padding, constant_values=np.nan).reshape(*lead, periods, self.period_, columns)
        mean = np.broadcast_to(observed_mean(by_phase, axis=-3), by_phase.shape)
        return mean.reshape(*lead, -1, columns)[..., :length, :]

    def _level(self, values: FloatArray) -> FloatArray:
        """Mean of the steps up to half a period away, (..., L, C), with straight lines in the gaps."""
        # Not `moving_mean`, which rounds differently: a model fitted again would differ from earlier ones.
        step, half = np.arange(values.shape[-2]), self.period_ // 2
        first, stop = np.maximum(step - half, 0), np.minimum(step + half + 1, len(step))
        running = np.cumsum(np.nan_to_num(interpolate(values)), axis=-2)
        running = np.concatenate([np.zeros_like(running[..., :1, :]), running], axis=-2)
        level: FloatArray = (running[..., stop, :] - running[..., first, :]) / (stop - first)[:, None]
        return level
