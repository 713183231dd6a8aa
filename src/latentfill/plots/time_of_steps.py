"""The time of the steps of a filled table, as numbers and texts of figures."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import FloatArray, IntArray
from latentfill.tables.table import Table, output_rows
from latentfill.tables.time.grid import stamp_text

if TYPE_CHECKING:
    import altair

LABELS = {  # of the axis, for what a tick is the beginning of
    "year": "%Y",
    "quarter": "%b %Y",
    "month": "%b %Y",
    "week": "%d %b",
    "date": "%d %b",
    "hours": "%H:%M",
    "minutes": "%H:%M",
    "seconds": "%H:%M:%S",
}


@dataclass(frozen=True, slots=True, eq=False)
class TimeOfSteps:
    """The time of the T steps of a series, and which of them are rows of the filled table."""

    at: FloatArray  # (T,) milliseconds since 1970; without time stamps the number of the step, from 0
    in_table: IntArray  # (R,) steps of the rows of the filled table, ascending
    is_stamped: bool
    title: str  # of the axis

    @classmethod
    def of(cls, table: Table) -> Self:
        """The times of a table that was filled."""
        series, steps = table.series, np.unique(output_rows(table).steps)
        if series.time is None:
            return cls(np.arange(series.n_steps, dtype=float), steps, False, "step")
        at = series.time.astype("datetime64[us]").astype(np.int64) / 1000
        has_zone = table.axis is not None and bool(table.axis.zones)
        return cls(at, steps, True, "time (UTC)" if has_zone else "time")

    @property
    def spacing(self) -> float:
        """The usual time from one row to the next."""
        return float(np.median(np.diff(self.at[self.in_table]))) if len(self.in_table) > 1 else 1.0

    def text(self, at: float) -> str:
        """A time for people."""
        return time_text(at, is_stamped=self.is_stamped)

    def within(self, start: object, stop: object) -> IntArray:
        """The steps of rows from `start` up to, not including, `stop`; None stands for the ends of the table.

        Both are time stamps or numbers of steps, counted from 0. Raises an `InputError` if there is no row between
        them.
        """
        first, last = self._time_of(start, -np.inf), self._time_of(stop, np.inf)
        steps = self.in_table[(self.at[self.in_table] >= first) & (self.at[self.in_table] < last)]
        if not len(steps):
            ends = (self.text(self.at[self.in_table[0]]), self.text(self.at[self.in_table[-1]]))
            raise InputError(f"no row of the table lies between {start} and {stop}: it goes from {' to '.join(ends)}.")
        return steps

    def _time_of(self, moment: Any, default: float) -> float:
        if moment is None:
            return default
        if isinstance(moment, int | np.integer):
            inside = 0 <= moment < len(self.at)
            return float(self.at[moment]) if inside else float("inf" if moment > 0 else "-inf")
        if not self.is_stamped:
            raise InputError(f"the table has no time stamps: give the number of a step, from 0, got {quoted(moment)}.")
        try:
            return _milliseconds(moment)
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{quoted(moment)} is not a time stamp such as '2024-03-01 12:00', or a number."
            ) from error


def time_text(at: float, *, is_stamped: bool) -> str:
    """A time for people: a stamp, or the number of the step."""
    return stamp_text(np.datetime64(round(at * 1e6), "ns")) if is_stamped else f"step {at:.0f}"


def time_axis(field: str, title: str, *, is_stamped: bool, ends: tuple[float, float] | None = None) -> altair.X:
    """The channel x for a field with times, from one end to the other, or as far as the data go.

    Stamps are shown as they are, wherever the reader is.
    """
    import altair as alt

    domain: Any = alt.Undefined if ends is None else list(ends)
    if is_stamped:
        axis = alt.Axis(format=LABELS, tickCount=8, labelOverlap="greedy", labelSeparation=12)
        return alt.X(f"{field}:T", title=title, scale=alt.Scale(type="utc", domain=domain, nice=False), axis=axis)
    return alt.X(f"{field}:Q", title=title, scale=alt.Scale(zero=False, nice=False, domain=domain))


def _milliseconds(moment: Any) -> float:
    """A time stamp as milliseconds since 1970, in UTC if it has a zone."""
    if isinstance(moment, str):
        with suppress(ValueError):  # a year or a month, which NumPy takes
            moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return float(np.datetime64(moment, "us").astype(np.int64) / 1000)
