"""The donor table: a second table with the same columns, from which all strategies learn too."""

from __future__ import annotations

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.validation.holdout import HeldOutSeries
from latentfill.windows.cycles import clock_features
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries

WINDOWS_APART = 2  # window lengths between the series and the donor table: no window overlaps both


def followed_by_donor(
    held_out: HeldOutSeries, donor: Series, scaler: ColumnScaler, cycles: tuple[float, ...], length: int
) -> HeldOutSeries:
    """A series, empty steps, and a donor table that is scaled like the series and of which no cell is held out.

    Raises an `InputError` if the donor table is shorter than one window.
    """
    if donor.n_steps < length:
        raise InputError(f"the donor table has {donor.n_steps} rows, fewer than one window of {length}.")
    n_steps = held_out.series.n_steps
    between = donor_offset(n_steps, length) - n_steps
    scaled = ScaledSeries(scaler.apply(donor.values), clock_features(donor, cycles))
    return held_out.followed_by(scaled, between)


def donor_offset(n_steps: int, length: int) -> int:
    """Start of the donor table's first window, beyond the `n_steps` of the fitted series."""
    return n_steps + WINDOWS_APART * length
