"""Estimates of a fitted strategy for windows, each of which is filled by itself."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.validation.cells import Cells
from latentfill.strategies.candidates import Candidates
from latentfill.windows.gaps import interpolate
from latentfill.windows.windows import ScaledSeries, Windows, window_starts


def estimate_alone(fitted: Fitted, windows: Windows) -> FloatArray:
    """Estimates (N, L, C) of the missing cells by the strategy of the settings; the other cells are undefined.

    A strategy on series, or on windows as long as these, estimates them together. Otherwise they are filled one by one,
    each like a short table of its own. A cell without an estimate is interpolated linearly, or gets the column mean of
    the train rows.
    """
    name, candidates = fitted.config.strategy, fitted.builtin.candidates
    on_windows = {name for strategy in candidates.strategies for name in strategy.estimate_names}
    if name in candidates.smoothers:
        estimate = candidates.smoothers[name].estimate(windows.values, windows.clock).values
    elif name in on_windows and windows.length == candidates.length:
        estimate = estimate_windows(candidates, windows, fitted.encoder)[name]
    else:
        pairs = zip(windows.values, windows.clock, strict=True)
        estimate = np.stack([_estimate_series(fitted, ScaledSeries(values, clock)) for values, clock in pairs])
    for fallback in (interpolate(windows.values), 0.0):
        estimate = np.where(np.isnan(estimate), fallback, estimate)
    return estimate


def estimate_windows(candidates: Candidates, windows: Windows, encoder: Encoder | None) -> dict[str, FloatArray]:
    """Estimates (N, L, C) of windows, by name, from the strategies that work on windows."""
    return {
        name: estimate
        for strategy in candidates.strategies
        for name, estimate in zip(strategy.estimate_names, strategy.estimate(windows, encoder).values, strict=True)
    }


def _estimate_series(fitted: Fitted, series: ScaledSeries) -> FloatArray:
    """Estimates (T, C) of the missing cells of a short series in scaled units, NaN elsewhere."""
    settings, path = fitted.config.windows, fitted.builtin
    padded = series.padded_to(settings.length)
    starts = window_starts(padded.n_steps, settings.length, settings.stride)
    estimates = path.candidates.estimate(padded, starts, fitted.encoder).values
    cells = Cells.at(~padded.observed, padded.values)
    weighted = path.validated.ensemble.apply(estimates[:, cells.step, cells.column], cells)
    return cells.on_series(weighted)[: series.n_steps]
