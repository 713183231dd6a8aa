"""Random draws of the errors of estimates, which persist in time and across columns.

A whole-series model gives the dependence between errors: series are drawn from its posterior given the observed cells,
so that sums over a gap vary as much as they do in truth. The calibration gives the distribution of each error, whatever
strategy the estimate comes from (a copula; Schefzik, Thorarinsdottir and Gneiting 2013).
"""

from __future__ import annotations

import numpy as np

from latentfill.core.seeds import SeedStream
from latentfill.core.series import FloatArray
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.fitting.stages import MOST_TRIED
from latentfill.imputation.validation.cells import Cells
from latentfill.strategies.candidates import Candidates, centred
from latentfill.strategies.classes import series_strategy_class
from latentfill.strategies.protocols.series_strategy import SeriesData, SeriesStrategy
from latentfill.windows.windows import ScaledSeries

BY_PREFERENCE = ("state_space", "factors", "autoregression")


def draw_scores(fitted: Fitted, series: ScaledSeries, cells: Cells) -> FloatArray:
    """Standard normal scores (samples, M) of the errors at the missing `cells` of a series.

    Where the numbers of the model overflow or cancel, errors are drawn independently.
    """
    count, rng = fitted.config.output.samples, SeedStream.SAMPLES.generator(fitted.config.seed)
    if not count:
        return np.empty((0, len(cells)))
    series, _ = centred(series)
    try:
        smoother = _smoother(fitted.builtin.candidates, series, fitted.config.seed)
        draws = smoother.error_scores(series.values, series.clock, rng, count)
        return np.stack([scores[cells.step, cells.column] for scores in draws])
    except ArithmeticError:
        return rng.standard_normal((count, len(cells)))


def _smoother(candidates: Candidates, series: ScaledSeries, seed: int) -> SeriesStrategy:
    """The first fitted smoother by preference; without any, one is fitted to the series."""
    for name in BY_PREFERENCE:
        if name in candidates.smoothers:
            return candidates.smoothers[name]
    name = "state_space" if series.values.shape[1] <= MOST_TRIED["state_space"] else "factors"
    return series_strategy_class(name).fit(SeriesData(series, np.full(series.values.shape, np.nan), seed))
