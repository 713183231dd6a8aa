"""Reads time stamps from columns of numbers that hold the year, the month, the day ..."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted, quoted
from latentfill.core.series import FloatArray, IntArray, TimeArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import StampCells
from latentfill.tables.backends.number_texts import whole_number_suffix
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.calendar import CalendarNumbers, component
from latentfill.tables.time.date_parts import parts_of
from latentfill.tables.time.weeks import Weeks, find_weeks

_SECONDS = {"hour": 3600, "minute": 60, "second": 1}
_MOST = {"hour": 24, "minute": 60, "second": 60}


def component_axis(columns: Sequence[Column], chosen: Sequence[int]) -> TimeAxis:
    """The time axis of the columns at the positions `chosen`, which hold parts of the time stamps.

    Raises an `InputError` if there is no year, or if the numbers of a row are no valid time.
    """
    parts = parts_of(columns, chosen)
    if "year" not in parts:
        raise InputError("Time columns without a year form no time stamp. Add the column with the year.")
    numbers = {part: _numbers(columns[position], part) for part, position in parts.items()}
    is_short = numbers["year"].max() < 100
    if is_short:
        numbers["year"] = np.where(numbers["year"] >= 69, 1900, 2000) + numbers["year"]
    weeks = find_weeks(numbers["year"], numbers["week"]) if "week" in numbers else None
    time = _moments(numbers, weeks)
    bad = np.flatnonzero(np.isnat(time))
    if len(bad):
        cells = {row: [f"{each[row]:g}" for each in numbers.values()] for row in bad[:SHOWN].tolist()}
        shown = columns[chosen[0]].rows.with_cells(cells)
        names = ", ".join(columns[position].name for position in chosen)
        raise InputError(
            f"Columns {names} form no valid time stamp in {counted(len(bad), 'row')} ({shown}). Correct these rows."
        )

    def write(new: TimeArray, like: IntArray) -> dict[int, StampCells]:
        return {
            position: _texts_like(columns[position], _part(new, part, weeks, parts, is_short=is_short))
            for part, position in parts.items()
        }

    return TimeAxis(tuple(chosen), time, write, format=", ".join(parts))


def _numbers(column: Column, part: str) -> FloatArray:
    """The numbers of a column; an `InputError` if a row has none, or a fraction where there can be none."""
    numbers = column.numbers
    if numbers is None:
        raise InputError(f"Time column {quoted(column.name)} holds no numbers. Name another column.")
    may_be_fraction = part in ("hour", "day of the year")
    fractions = np.zeros_like(numbers.bad) if may_be_fraction else numbers.values % 1 != 0
    bad = np.flatnonzero(np.isnan(numbers.values) | fractions)
    if len(bad):
        where = f"{counted(len(bad), 'row')} ({column.rows.listed(bad)})"
        raise InputError(
            f"Time column {quoted(column.name)} holds no whole number in {where}. Every row needs a time stamp: "
            "correct or "
            "remove these rows."
        )
    return numbers.values


def _moments(numbers: Mapping[str, FloatArray], weeks: Weeks | None) -> TimeArray:
    """The moments of all rows; NaT where the numbers are no valid time."""
    year = numbers["year"].astype(np.int64)
    is_valid = np.ones(len(year), dtype=bool)
    seconds = np.zeros(len(year))
    for part, length in _SECONDS.items():
        value = numbers.get(part, seconds * 0)
        is_valid &= (value >= 0) & (value <= _MOST[part] - (part != "hour"))
        seconds = seconds + value * length
    is_valid &= seconds <= 86_400
    if weeks is not None:
        days = weeks.start(year, numbers["week"].astype(np.int64))
    else:
        day = numbers.get("day of the year", numbers.get("day", np.ones(len(year))))
        seconds = seconds + day % 1 * 86_400
        days = _days(numbers, year, np.floor(day).astype(np.int64))
    if "day of the year" in numbers and (numbers["day of the year"] % 1).any():
        seconds = np.round(seconds / 60) * 60  # fractions of a day are rounded
    time = days + np.round(seconds).astype("timedelta64[s]").astype("timedelta64[ns]")
    return np.where(is_valid, time, np.datetime64("NaT", "ns"))


def _days(numbers: Mapping[str, FloatArray], year: IntArray, day: IntArray) -> TimeArray:
    """The start of each day."""
    zero = np.zeros_like(year)
    by_year = "day of the year" in numbers
    month = np.ones_like(year) if by_year else numbers.get("month", np.ones(len(year))).astype(np.int64)
    return CalendarNumbers(year, month, day, zero, zero, zero, by_year=by_year).moments()


def _part(time: TimeArray, part: str, weeks: Weeks | None, parts: Mapping[str, int], *, is_short: bool) -> FloatArray:
    """The numbers of one part of new stamps; the last of hour and day holds the fraction that no other part has."""
    if weeks is not None and part in ("year", "week"):
        value = weeks.numbers(time)[part == "week"].astype(np.float64)
    else:
        value = component(time, part).astype(np.float64)
    if part == "hour" and "minute" not in parts:
        value = value + component(time, "minute") / 60 + component(time, "second") / 3600
    elif part == "day of the year" and "hour" not in parts:
        value = value + (time - time.astype("datetime64[D]")).astype(np.int64) / 86_400e9
    return value % 100 if part == "year" and is_short else value


def _texts_like(column: Column, numbers: FloatArray) -> list[str]:
    """Numbers as texts in the style of the column: `5`, `05` or `5.0`."""
    import pyarrow.compute as pc

    has_zeros = column.texts is not None and pc.any(pc.match_substring_regex(column.texts, r"^\s*0\d")).as_py()
    width = 2 if has_zeros else 1
    suffix = whole_number_suffix(column.texts)
    return [f"{number:0{width}.0f}{suffix}" if number % 1 == 0 else f"{number:.10g}" for number in numbers.tolist()]
