"""Estimates of a fitted strategy for windows, each of which is filled by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from latentfill.core.column_order import column_order
from latentfill.core.series import FloatArray
from latentfill.imputation.filling.window_estimate import weighted_windows
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.windows.windows import ScaledSeries, Windows, window_starts


def estimate_alone(fitted: Fitted, windows: Windows, columns: Sequence[str]) -> FloatArray:
    """Estimates (N, L, C) of the missing cells by the strategy of the settings; the other cells are undefined.

    The windows have these `columns`, which the model may work on in another order.
    """
    ordered = in_order_of(fitted, windows, columns)
    estimates = weighted_windows(fitted.builtin, ordered.values, _estimates(fitted, ordered))
    return estimates[..., column_order(columns, fitted.columns)]


def in_order_of(fitted: Fitted, windows: Windows, columns: Sequence[str]) -> Windows:
    """Windows with these `columns`, in the order of a model."""
    return replace(windows, values=windows.values[..., column_order(fitted.columns, columns)])


def _estimates(fitted: Fitted, windows: Windows) -> FloatArray:
    """Estimates (K, N, L, C) of all candidates.

    Windows that are longer than those of the model are estimated one by one, each like a short table of its own.
    """
    candidates = fitted.builtin.candidates
    if candidates.strategies and windows.length != candidates.length:
        pairs = zip(windows.values, windows.clock, strict=True)
        return np.stack([_of_series(fitted, ScaledSeries(values, clock)) for values, clock in pairs], axis=1)
    return candidates.estimate_windows(windows, fitted.encoder).values


def _of_series(fitted: Fitted, series: ScaledSeries) -> FloatArray:
    """Estimates (K, T, C) of all candidates for a short series in scaled units."""
    settings = fitted.config.windows
    padded = series.padded_to(settings.length)
    starts = window_starts(padded.n_steps, settings.length, settings.stride)
    return fitted.builtin.candidates.estimate(padded, starts, fitted.encoder).values[:, : series.n_steps]
