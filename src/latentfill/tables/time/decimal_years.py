"""Reads time stamps that are years with fractions, such as 1958.2027, and writes new ones in the same way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray, TimeArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import StampCells
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.calendar import YEARS
from latentfill.tables.time.date_parts import is_named
from latentfill.tables.time.layouts import SAMPLE, read_stamps

_NAME = re.compile(r"decimal|(dec|decimal|frac|fractional)(year|yr|date|time)|(year|yr|date|time)(dec|decimal|frac)")
_ROUNDING = 1e-9  # of years as floating-point numbers
_CLEAR = 0.2  # of a unit; years that are written less exactly do not show it
_ORDERED = 0.9  # share of the steps that do not go back


def is_decimal_name(name: str) -> bool:
    """Whether a column name says that it holds years with fractions, such as `decimal date`."""
    return bool(_NAME.fullmatch(re.sub(r"[^a-z]", "", re.sub(r"[(\[].*", "", name).lower())))


def may_be_clock(column: Column) -> bool:
    """Whether a column is named like a year, holds years with fractions, and hardly ever goes back in time."""
    if not is_decimal_name(column.name) and not is_named(column, "year"):
        return False
    if not are_decimal_years(column) or column.numbers is None:
        return False
    steps = np.diff(column.numbers.values)
    return bool(max((steps >= 0).mean(), (steps <= 0).mean()) >= _ORDERED)


def are_decimal_years(column: Column) -> bool:
    """Whether a column holds years, not all of them whole, that are no stamps of another kind such as 2023.01."""
    numbers = column.numbers
    if numbers is None or numbers.bad.any() or len(numbers.values) < 2 or not np.isfinite(numbers.values).all():
        return False
    values = numbers.values
    in_range = values.min() >= YEARS[0] and values.max() < YEARS[1] + 1
    return bool(in_range and (values % 1 != 0).any()) and (is_decimal_name(column.name) or not _are_stamps(column))


def _are_stamps(column: Column) -> bool:
    """Whether all cells can be read as year and month, or as year and day of the year."""
    texts = _texts(column)
    return not read_stamps(texts[:: max(1, len(texts) // SAMPLE)]).n_failed


def decimal_axis(column: Column, position: int) -> TimeAxis:
    """The time axis of a column of years with fractions at this position.

    The stamps are the months, days, hours, minutes or seconds that the numbers stand for as far as they are written.
    """
    assert column.numbers is not None
    values, texts = column.numbers.values, _texts(column)
    lengths = {len(text.partition(".")[2]) for text in texts}
    decimals = max(lengths)
    unit = _find_unit(values, 0.5 * 10.0**-decimals + _ROUNDING)

    def write(new: TimeArray, like: IntArray) -> dict[int, StampCells]:
        written = [f"{year:.{decimals}f}" for year in unit.years(new).tolist()]
        return {position: written if len(lengths) == 1 else [_without_zeros(text) for text in written]}

    note = f"Time column {column.name!r} is read as years with fractions."
    return TimeAxis((position,), unit.moments(values), write, (note,), "years with fractions")


def _texts(column: Column) -> list[str]:
    """The cells as they are written."""
    if column.texts is not None:
        return [text.strip() for text in column.texts.to_pylist()]
    return [] if column.numbers is None else [repr(value) for value in column.numbers.values.tolist()]


def _without_zeros(text: str) -> str:
    bare = text.rstrip("0")
    return bare + "0" if bare.endswith(".") else bare


# --- what the fractions count -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit of time that fractions of years count."""

    per_day: int | None  # None: months
    offset: float = 0.0  # what each number stands for, from the start of its unit; 0.5 for the middle

    def per_year(self, year: IntArray) -> FloatArray:
        """How many units each year has."""
        if self.per_day is None:
            return np.full(len(year), 12.0)
        start = _starts(year)
        return (_starts(year + 1) - start).astype(np.float64) * self.per_day

    def counts(self, values: FloatArray) -> FloatArray:
        """Units since the start of the year; whole numbers if the values count this unit."""
        year = np.floor(values).astype(np.int64)
        return (values % 1) * self.per_year(year) - self.offset

    def moments(self, values: FloatArray) -> TimeArray:
        """The start of the unit that is nearest to each value."""
        start = _starts(np.floor(values).astype(np.int64))
        counts = np.rint(self.counts(values)).astype(np.int64)
        if self.per_day is None:
            return (start.astype("datetime64[M]") + counts).astype("datetime64[ns]")
        length = 86_400 * 10**9 // self.per_day
        return np.asarray(start.astype("datetime64[ns]") + (counts * length).astype("timedelta64[ns]"))

    def years(self, time: TimeArray) -> FloatArray:
        """Moments as years with fractions."""
        start = time.astype("datetime64[Y]")
        year = start.astype(np.int64) + 1970
        if self.per_day is None:
            counts = (time.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(np.float64)
        else:
            counts = (time - start.astype("datetime64[ns]")).astype(np.float64) / 86_400e9 * self.per_day
        return np.asarray(year + (counts + self.offset) / self.per_year(year))


def _starts(year: IntArray) -> TimeArray:
    return np.asarray((year - 1970).astype("datetime64[Y]").astype("datetime64[D]"))


_UNITS: Sequence[_Unit] = [_Unit(per_day, offset) for per_day in (None, 1, 24, 1440) for offset in (0.0, 0.5)]
_SECONDS = _Unit(86_400)


def _find_unit(values: FloatArray, tolerance: float) -> _Unit:
    """The largest unit that all values count but for `tolerance`, in years; seconds if there is none."""
    year = np.floor(values).astype(np.int64)
    for unit in _UNITS:
        allowed = tolerance * unit.per_year(year)
        counts = unit.counts(values)
        if allowed.max() < _CLEAR and (np.abs(counts - np.rint(counts)) <= allowed).all():
            return unit
    return _SECONDS
