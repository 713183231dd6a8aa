"""Estimates of one path for windows, each of which is filled by itself."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.imputation.fitting.fitted import FittedPath
from latentfill.imputation.validation.cells import Cells
from latentfill.windows.gaps import interpolate


def weighted_windows(path: FittedPath, values: FloatArray, estimates: FloatArray) -> FloatArray:
    """The estimates (K, N, L, C) of a path's candidates, weighted as its strategy does: (N, L, C).

    `values` (N, L, C) are the windows in scaled units. A cell without an estimate is interpolated linearly, or gets
    the mean of its column. Observed cells are undefined.
    """
    parts = zip(values, np.moveaxis(estimates, 1, 0), strict=True)
    estimate = np.stack([_weighted(path, of_window, candidates) for of_window, candidates in parts])
    for fallback in (interpolate(values), 0.0):
        estimate = np.where(np.isnan(estimate), fallback, estimate)
    return estimate


def _weighted(path: FittedPath, values: FloatArray, estimates: FloatArray) -> FloatArray:
    """The weighted estimates (L, C) of one window from those of the candidates (K, L, C); NaN where observed."""
    cells = Cells.at(np.isnan(values), values)
    return cells.on_series(path.validated.ensemble.apply(estimates[:, cells.step, cells.column], cells))
