"""A table with its gaps filled by the smoothed series, as input for encoders that cannot read gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.core.series import Series
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.state_space.fitting import MOST_TOGETHER, fit_factors, fit_together
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.restore import restore_observed
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries


def smoothed(series: Series, seed: int) -> Series:
    """The series (T, C) with each gap filled by its posterior mean; columns without an observed cell stay empty.

    Observed cells are unchanged. Up to `MOST_TOGETHER` columns are smoothed together, more by dynamic factors.
    """
    scaler = ColumnScaler.fit(series.values)
    scaled = ScaledSeries(scaler.apply(series.values), clock_features(series, find_cycles(series)))
    fit = fit_together if len(series.columns) <= MOST_TOGETHER else fit_factors
    model = fit(SeriesData(scaled, np.full(scaled.values.shape, np.nan), seed))
    estimate = scaler.invert(model.estimate(scaled.values, scaled.clock).values)
    estimate[:, ~series.observed.any(axis=0)] = np.nan
    return replace(series, values=restore_observed(estimate, series.values))
