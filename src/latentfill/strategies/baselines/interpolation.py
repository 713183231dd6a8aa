"""Imputers that use the observed cells on both sides of a gap."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.baseline import Baseline
from latentfill.windows.gaps import distances, interpolate

SPLINE_CELLS = 4  # observed cells that a column needs for a cubic spline


class Linear(Baseline):
    """Linear interpolation; cells before the first and after the last observed cell get its value."""

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        return interpolate(values, position)


class LastObserved(Baseline):
    """The last observed value carried forward; cells before the first observed cell get its value."""

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        back, ahead = distances(~np.isnan(values))
        step = np.arange(values.shape[-2])[:, None]
        source = np.where(back <= step, step - back, step + ahead)
        return np.take_along_axis(values, np.minimum(source, len(step) - 1), axis=-2)


class NextObserved(Baseline):
    """The next observed value carried back; cells after the last observed cell get its value."""

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        return LastObserved().estimate(values[..., ::-1, :])[..., ::-1, :]


class Spline(Baseline):
    """Natural cubic splines; cells before the first and after the last observed cell get its value.

    There is no estimate in columns with fewer than `SPLINE_CELLS` observed cells.
    """

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        from scipy.interpolate import CubicSpline

        steps = np.arange(values.shape[-2], dtype=float)[:, None] if position is None else position
        by_column, times = (
            np.moveaxis(part, -2, -1).reshape(-1, values.shape[-2])
            for part in (values, np.broadcast_to(steps, values.shape))
        )
        estimate = np.full(by_column.shape, np.nan)
        for line, column, time in zip(estimate, by_column, times, strict=True):
            known = np.flatnonzero(~np.isnan(column))
            if SPLINE_CELLS <= len(known) < len(column):
                spline = CubicSpline(time[known], column[known], bc_type="natural")
                line[:] = spline(np.clip(time, time[known[0]], time[known[-1]]))
        *lead, length, columns = values.shape
        return np.moveaxis(estimate.reshape(*lead, columns, length), -1, -2)
