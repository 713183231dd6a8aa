"""Moments from year, month, day ... and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import IntArray, TimeArray

COMPONENTS = ("year", "month", "day", "hour", "minute", "second")
YEARS = (1678, 2261)  # what datetime64[ns] can hold

_UNITS = {  # name -> the unit counted within, the unit counted, the first number
    "month": ("Y", "M", 1),
    "day": ("M", "D", 1),
    "day of the year": ("Y", "D", 1),
    "hour": ("D", "h", 0),
    "minute": ("h", "m", 0),
    "second": ("m", "s", 0),
}


def compose(
    year: IntArray,
    month: IntArray,
    day: IntArray,
    hour: IntArray,
    minute: IntArray,
    second: IntArray,
    *,
    by_year: bool = False,
) -> TimeArray:
    """Stamps from numbers, NaT where they name no moment; hour 24 is the start of the next day.

    With `by_year`, `day` counts from the start of the year.
    """
    months = (np.clip(year, *YEARS) - 1970) * 12 + np.clip(month, 1, 12) - 1
    start = months.astype("datetime64[M]")
    days = start.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    unit = "datetime64[Y]" if by_year else "datetime64[M]"
    good = (days.astype(unit) == start.astype(unit)) & (day >= 1) & (month >= 1) & (month <= 12)
    good &= (year >= YEARS[0]) & (year <= YEARS[1])
    good &= (hour >= 0) & (minute >= 0) & (minute <= 59) & (second >= 0) & (second <= 59)
    good &= (hour <= 23) | ((hour == 24) & (minute == 0) & (second == 0))
    seconds = (hour * 3600 + minute * 60 + second).astype("timedelta64[s]")
    time = days.astype("datetime64[s]") + seconds
    return np.where(good, time.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))


def component(time: TimeArray, name: str) -> IntArray:
    """Year, month, day, hour, minute, second or day of the year of each stamp; a NaT gives no sensible number."""
    if name == "year":
        return np.asarray(time.astype("datetime64[Y]").astype(np.int64) + 1970)
    larger, unit, first = _UNITS[name]
    value = (time.astype(f"datetime64[{unit}]") - time.astype(f"datetime64[{larger}]")).astype(np.int64)
    return np.asarray(value + first)


def to_nanoseconds(time: NDArray[Any]) -> TimeArray:
    """Stamps of seconds as nanoseconds, NaT where that unit cannot hold the year."""
    year = component(time, "year")
    good = (year >= YEARS[0]) & (year <= YEARS[1])
    return np.where(good, time, np.datetime64("NaT", "s")).astype("datetime64[ns]")
