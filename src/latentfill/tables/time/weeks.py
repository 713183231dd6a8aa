"""Weeks of a year: those of ISO 8601, which begin on Monday, and those of epidemiology (MMWR), on Sunday."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray, TimeArray

_THURSDAY = 3  # 1970-01-01, if Monday is 0


@dataclass(frozen=True, slots=True)
class Weeks:
    """A numbering of weeks, in which week 1 holds January 4th."""

    first_day: int  # 0 for Monday, 6 for Sunday

    def start(self, year: IntArray, week: IntArray) -> TimeArray:
        """The first day of each week; NaT for a week that its year does not have."""
        days = self._first(year) + (week - 1) * np.timedelta64(7, "D")
        is_valid = (week >= 1) & (days < self._first(year + 1))
        return np.where(is_valid, days, np.datetime64("NaT", "D")).astype("datetime64[ns]")

    def numbers(self, time: TimeArray) -> tuple[IntArray, IntArray]:
        """Year and week of each moment."""
        days = time.astype("datetime64[D]")
        year = (days + 3).astype("datetime64[Y]").astype(np.int64) + 1970
        year = year + (days >= self._first(year + 1)) - (days < self._first(year))
        return year, (days - self._first(year)).astype(np.int64) // 7 + 1

    def _first(self, year: IntArray) -> TimeArray:
        """The first day of week 1."""
        fourth = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + np.timedelta64(3, "D")
        weekday = (fourth.astype(np.int64) + _THURSDAY) % 7
        return np.asarray(fourth - ((weekday - self.first_day) % 7).astype("timedelta64[D]"))


ISO, MMWR = Weeks(0), Weeks(6)


def find_weeks(year: FloatArray, week: FloatArray) -> Weeks:
    """The numbering that knows all these weeks and gives the more regular stamps; ISO 8601 if both do."""
    years, weeks = year.astype(np.int64), week.astype(np.int64)

    def problems(numbering: Weeks) -> tuple[int, int]:
        starts = numbering.start(years, weeks)
        return int(np.isnat(starts).sum()), len(np.unique(np.diff(np.unique(starts))))

    return min((ISO, MMWR), key=problems)
