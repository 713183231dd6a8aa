"""Reads time stamps that are numbers: Unix times, and dates written as one number."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from latentfill.core.messages import quoted
from latentfill.core.series import FloatArray, IntArray, TimeArray
from latentfill.tables.backends.arrow import to_integers
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import StampCells
from latentfill.tables.backends.number_texts import whole_number_suffix
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.calendar import component
from latentfill.tables.time.layouts import SAMPLE, read_stamps

# unit of a Unix time, smallest number, and the number that all are below
_UNIX_UNITS = (("s", 1e8, 1e10), ("ms", 1e11, 1e13), ("us", 1e14, 1e16), ("ns", 1e17, 9.2e18))


def unix_unit(column: Column) -> str | None:
    """Unit of a column of Unix times; None if the column has anything else."""
    numbers = column.numbers
    if numbers is None or numbers.bad.any() or not len(numbers.values):
        return None
    values = numbers.values
    if not np.isfinite(values).all() or (values != np.rint(values)).any() or spell_dates(values):
        return None
    return next((unit for unit, low, high in _UNIX_UNITS if low <= values.min() <= values.max() < high), None)


def spell_dates(values: FloatArray) -> bool:
    """Whether whole numbers are dates or times such as 20160131 or 201601310500 (but not 1451606400)."""
    sample = values[:: max(1, len(values) // SAMPLE)]
    time = read_stamps([f"{value:.0f}" for value in sample.tolist()]).time
    years = component(time, "year")
    return len(years) > 0 and bool(((years >= 1900) & (years <= 2100)).all())


def unix_axis(column: Column, position: int, unit: str) -> TimeAxis:
    """The time axis of a column of Unix times in this unit at this position."""
    time = _whole_numbers(column).astype(f"datetime64[{unit}]").astype("datetime64[ns]")
    suffix = whole_number_suffix(column.texts)

    def write(new: TimeArray, like: IntArray) -> dict[int, StampCells]:
        counts = new.astype(f"datetime64[{unit}]").astype(np.int64)
        return {position: [f"{count}{suffix}" for count in counts.tolist()]}

    note = f"Time column {quoted(column.name)} is read as Unix time in {unit}."
    return TimeAxis((position,), time, write, (note,), f"Unix time in {unit}")


def _whole_numbers(column: Column) -> IntArray:
    """The numbers (rows,) of a column; nanoseconds since 1970 are more than a float holds."""
    import pyarrow as pa

    assert column.numbers is not None
    if column.whole is not None:
        return column.whole.astype(np.int64)
    if column.texts is not None:
        with suppress(pa.ArrowInvalid):  # such as 1.7e18
            return to_integers(column.texts, null=0)
    return column.numbers.values.astype(np.int64)
