"""Reads time stamps from columns of numbers named year, month, day ..."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted, name_rows
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import StampCells
from latentfill.tables.backends.number_texts import whole_number_suffix
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.calendar import COMPONENTS, CalendarNumbers, component


def component_axis(columns: Sequence[Column], chosen: Sequence[int]) -> TimeAxis:
    """The time axis of the columns at the positions `chosen`, which are named year, month, day ...

    Raises an `InputError` if there is no year, or if the numbers of a row are no valid time.
    """
    by_name = {columns[position].name.lower(): position for position in chosen}
    if "year" not in by_name:
        raise InputError("Time columns without a year form no time stamp. Add the column with the year.")
    given = {name: _whole_numbers(columns[position]) for name, position in by_name.items()}
    default = {name: np.full_like(given["year"], int(name in ("month", "day"))) for name in COMPONENTS}
    numbers = [given.get(name, default[name]) for name in COMPONENTS]
    time = CalendarNumbers(*numbers).moments()
    bad = np.flatnonzero(np.isnat(time))
    if len(bad):
        shown = ", ".join(f"row {row + 1}: {[int(each[row]) for each in numbers]}" for row in bad[:SHOWN].tolist())
        raise InputError(
            f"Columns {', '.join(by_name)} form no valid time stamp in {counted(len(bad), 'row')} ({shown}). Correct "
            "these rows."
        )

    def write(new: TimeArray, like: IntArray) -> dict[int, StampCells]:
        return {position: _texts_like(columns[position], component(new, name)) for name, position in by_name.items()}

    return TimeAxis(tuple(chosen), time, write)


def _whole_numbers(column: Column) -> IntArray:
    """The numbers of a column; an `InputError` if a row has no whole number."""
    numbers = column.numbers
    if numbers is None:
        raise InputError(f"Time column {column.name!r} holds no numbers. Name another column.")
    bad = np.flatnonzero(np.isnan(numbers.values) | (numbers.values % 1 != 0))
    if len(bad):
        raise InputError(
            f"Time column {column.name!r} holds no whole number in {counted(len(bad), 'row')} ({name_rows(bad)}). "
            "Every row needs a time stamp: correct or remove these rows."
        )
    return numbers.values.astype(np.int64)


def _texts_like(column: Column, numbers: IntArray) -> list[str]:
    """Whole numbers as texts in the style of the column: `5`, `05` or `5.0`."""
    import pyarrow.compute as pc

    has_zeros = column.texts is not None and pc.any(pc.match_substring_regex(column.texts, r"^\s*0\d")).as_py()
    width = 2 if has_zeros else 1
    suffix = whole_number_suffix(column.texts)
    return [f"{number:0{width}d}{suffix}" for number in numbers.tolist()]
