"""The donor table: a second table whose windows are searched for neighbours too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.windows.cycles import clock_features
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows

WINDOWS_APART = 2  # window lengths between the series and the donor table: no window overlaps both


def donor_windows(donor: Series, scaler: ColumnScaler, cycles: tuple[float, ...], length: int, n_steps: int) -> Windows:
    """All windows of a donor table, scaled like the fitted series, with starts beyond its `n_steps`.

    Raises an `InputError` if the table is shorter than one window.
    """
    if donor.n_steps < length:
        raise InputError(f"the donor table has {donor.n_steps} rows, fewer than one window of {length}.")
    starts = np.arange(donor.n_steps - length + 1)
    windows = ScaledSeries(scaler.apply(donor.values), clock_features(donor, cycles)).cut(starts, length)
    return replace(windows, starts=starts + donor_offset(n_steps, length))


def donor_offset(n_steps: int, length: int) -> int:
    """Start of the donor table's first window, beyond the `n_steps` of the fitted series."""
    return n_steps + WINDOWS_APART * length
