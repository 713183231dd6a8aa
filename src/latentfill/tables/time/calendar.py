"""Converts year, month, day, hour, minute and second to moments (datetime64[ns]) and back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, TimeArray

COMPONENTS = ("year", "month", "day", "hour", "minute", "second")
YEARS = (1678, 2261)  # first and last whole year of datetime64[ns]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_UNITS = {  # name -> unit in which it is counted, unit that it counts, first number
    "month": ("Y", "M", 1),
    "day": ("M", "D", 1),
    "day of the year": ("Y", "D", 1),
    "hour": ("D", "h", 0),
    "minute": ("h", "m", 0),
    "second": ("m", "s", 0),
}


@dataclass(frozen=True, slots=True, eq=False)
class CalendarNumbers:
    """Year, month, day, hour, minute and second of T moments; each array is (T,)."""

    year: IntArray
    month: IntArray
    day: IntArray  # of the month; of the year if `by_year`
    hour: IntArray  # 24:00:00 is the start of the next day
    minute: IntArray
    second: IntArray
    by_year: bool = field(default=False, kw_only=True)  # days are counted from the start of the year

    def moments(self) -> TimeArray:
        """The moments, shape (T,); NaT where the numbers are not a valid time."""
        months = (np.clip(self.year, *YEARS) - 1970) * 12 + np.clip(self.month, 1, 12) - 1
        start = months.astype("datetime64[M]")
        days = start.astype("datetime64[D]") + (self.day - 1).astype("timedelta64[D]")
        unit = "datetime64[Y]" if self.by_year else "datetime64[M]"
        is_valid = (days.astype(unit) == start.astype(unit)) & self._are_in_range()
        seconds = (self.hour * 3600 + self.minute * 60 + self.second).astype("timedelta64[s]")
        time = days.astype("datetime64[s]") + seconds
        return np.where(is_valid, time.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))

    def _are_in_range(self) -> BoolArray:
        """Whether all numbers of a moment are in their ranges, shape (T,); the last day of the month is not checked."""
        valid = (self.year >= YEARS[0]) & (self.year <= YEARS[1])
        valid &= (self.month >= 1) & (self.month <= 12) & (self.day >= 1)
        valid &= (self.hour >= 0) & (self.minute >= 0) & (self.minute <= 59) & (self.second >= 0) & (self.second <= 59)
        valid &= (self.hour <= 23) | ((self.hour == 24) & (self.minute == 0) & (self.second == 0))
        return valid


def component(time: TimeArray, name: str) -> IntArray:
    """The component `name` of each moment: a name in `COMPONENTS` or "day of the year"; meaningless for NaT."""
    if name == "year":
        return np.asarray(time.astype("datetime64[Y]").astype(np.int64) + 1970)
    larger, unit, first = _UNITS[name]
    value = (time.astype(f"datetime64[{unit}]") - time.astype(f"datetime64[{larger}]")).astype(np.int64)
    return np.asarray(value + first)


def repeats_component(values: FloatArray, time: TimeArray, name: str) -> bool:
    """Whether `name` is a component such as `year`, and `values` are this component of every moment."""
    return name in COMPONENTS and np.array_equal(values, component(time, name))


def to_nanoseconds(time: TimeArray) -> TimeArray:
    """datetime64[s] as datetime64[ns]; NaT for years outside the range of nanoseconds."""
    year = component(time, "year")
    is_valid = (year >= YEARS[0]) & (year <= YEARS[1])
    return np.where(is_valid, time, np.datetime64("NaT", "s")).astype("datetime64[ns]")
