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
from latentfill.windows.cycles import steps_per_cycle
from latentfill.windows.windows import ScaledSeries

BY_PREFERENCE = ("state_space", "factors", "autoregression")

# What a model does not know, such as a slow change of a column, errs alike in all gaps of a few weeks. The share was
# chosen for sums over months of ETTh2, and of half of the rows of Dongsi and Shunyi.
SLOW_SHARE = 0.02  # of the variance of a score
SLOW_CYCLES = 15  # over which the correlation of such errors falls by a factor of e
SLOW_STEPS = 360  # likewise, of a series without a cycle


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
        return np.stack([with_slow_part(scores, series, rng)[cells.step, cells.column] for scores in draws])
    except ArithmeticError:
        return rng.standard_normal((count, len(cells)))


def with_slow_part(scores: FloatArray, series: ScaledSeries, rng: np.random.Generator) -> FloatArray:
    """Scores (T, C) of which a share is an autoregression that changes slowly, in each column by itself."""
    from scipy.signal import lfilter

    cycle = steps_per_cycle(series.clock)
    persistence = np.exp(-1 / (SLOW_CYCLES * cycle if cycle else SLOW_STEPS))
    innovation = rng.standard_normal(scores.shape) * np.sqrt(1 - persistence**2)
    innovation[0] = rng.standard_normal(scores.shape[1])
    slow = lfilter([1.0], [1.0, -persistence], innovation, axis=0)
    return np.asarray(np.sqrt(1 - SLOW_SHARE) * scores + np.sqrt(SLOW_SHARE) * slow)


def _smoother(candidates: Candidates, series: ScaledSeries, seed: int) -> SeriesStrategy:
    """The first fitted smoother by preference; without any, one is fitted to the series."""
    for name in BY_PREFERENCE:
        if name in candidates.smoothers:
            return candidates.smoothers[name]
    name = "state_space" if series.values.shape[1] <= MOST_TRIED["state_space"] else "factors"
    return series_strategy_class(name).fit(SeriesData(series, np.full(series.values.shape, np.nan), seed))
