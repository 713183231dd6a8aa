"""Backtests: the errors of strategies on readings that come after all that they were learnt from.

Errors on readings among those learnt from would look too good: a model knows the mean of its history, to which a random
walk never returns.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray
from latentfill.imputation.causal.past import PastEstimates, past_cells, past_features
from latentfill.imputation.causal.strategies import PastStrategies
from latentfill.imputation.validation.holdout_errors import HoldoutErrors, errors_at
from latentfill.windows.hiding import hide_like_gaps, together
from latentfill.windows.windows import ScaledSeries

ORIGINS = 2  # steps at which a backtest begins; the errors after a single one are those of one course of events
ROUNDS = 6  # in each of which other readings are hidden
HIDDEN = 0.15  # share of the readings that are hidden in a round


def backtest(history: ScaledSeries, growth: float, seed: int) -> HoldoutErrors:
    """Errors on hidden readings of parts of a history, by strategies that were learnt from what came before the part.

    What came before grows by `growth`, as it does for those who fill the steps after the history.
    """
    rng, stop, errors = SeedStream.HOLDOUT.generator(seed), history.n_steps, list[HoldoutErrors]()
    for _ in range(ORIGINS):
        origin = max(1, int(stop / growth))
        errors += _errors_after(origin, history.until(stop), rng, seed)
        stop = origin
    return HoldoutErrors.joined(errors)


def _errors_after(origin: int, series: ScaledSeries, rng: np.random.Generator, seed: int) -> Iterator[HoldoutErrors]:
    """The errors from the step `origin` on, for each round of hiding."""
    strategies = PastStrategies.fit(series.until(origin), seed)
    hidden = np.stack([_hide(series, origin, rng) for _ in range(ROUNDS)])
    visible = np.where(hidden, np.nan, series.values)
    for number, estimates in enumerate(strategies.estimate_each(visible, series.clock)):
        yield _errors(estimates, series, hidden[number])


def _errors(estimates: PastEstimates, series: ScaledSeries, hidden: BoolArray) -> HoldoutErrors:
    """The errors on hidden cells that any strategy has an estimate for."""
    visible = series.without(hidden).values
    cells = past_cells(hidden & ~np.isnan(estimates.values).all(axis=0), visible)
    at = (cells.step, cells.column)
    known, truth = estimates.values[:, *at], series.values[at]
    features = past_features(cells, visible, estimates)
    return HoldoutErrors(cells, errors_at(known, truth), truth, ~np.isnan(known), features)


def _hide(series: ScaledSeries, origin: int, rng: np.random.Generator) -> BoolArray:
    """Readings to hide after a step, in the pattern of the series' own gaps; tied columns together."""
    observed = series.observed
    hidden: BoolArray = np.zeros_like(observed)
    first = np.arange(observed.shape[1]) if series.tied is None else np.unique(series.tied)
    hidden[:, first] = hide_like_gaps(rng, observed[:, first], HIDDEN)
    hidden[:origin] = False
    return together(hidden, series.tied)
