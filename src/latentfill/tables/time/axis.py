"""The stamps of a table from the columns that make them, and those columns written for new stamps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted, name_rows
from latentfill.core.series import FloatArray, IntArray, TimeArray
from latentfill.tables.backends.column import Column, read_numbers
from latentfill.tables.time.calendar import COMPONENTS, component, compose
from latentfill.tables.time.stamp_column import (
    SAMPLE,
    parse_stamps,
    read_stamps,
    refuse_empty,
    refuse_empty_texts,
    trimmed,
)

_EPOCH_UNITS = (("s", 1e8, 1e10), ("ms", 1e11, 1e13), ("us", 1e14, 1e16), ("ns", 1e17, 9.2e18))


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """The stamps of a table, the columns they come from, and how those columns are written."""

    columns: tuple[int, ...]  # positions; none for a time index
    time: TimeArray
    write: Callable[[TimeArray, IntArray], dict[int, Any]]  # new stamps, rows like them -> cells by column
    notes: tuple[str, ...] = ()


def read_axis(columns: Sequence[Column], chosen: Sequence[int], format: str | None) -> TimeAxis:
    """The stamps of the chosen columns, whatever they are made of."""
    names = {columns[at].name.lower() for at in chosen}
    if len(chosen) == 1 and names != {"year"}:
        return _from_one(columns[chosen[0]], chosen[0], format)
    if format is None and names <= set(COMPONENTS):
        return _from_components(columns, chosen)
    return _from_parts(columns, chosen, format)


def index_axis(index: Column) -> TimeAxis:
    """The stamps of a time index, which is no column of the table."""
    return TimeAxis((), _whole_time(index), lambda time, like: {})


# --- one column ---------------------------------------------------------------------------------------------


def _from_one(column: Column, at: int, format: str | None) -> TimeAxis:
    if column.kind == "time":
        return TimeAxis((at,), _whole_time(column), lambda time, like: {at: time})
    unit = epoch_unit(column) if format is None else None
    if unit is not None:
        return _from_epoch(column, at, unit)
    if column.kind == "other":
        raise InputError(f"Time column {column.name!r} holds neither stamps nor text. Name another one.")
    stamps = parse_stamps(as_texts(column), format, column=column.name)
    return TimeAxis((at,), stamps.time, lambda time, like: {at: stamps.texts_for(time, like)}, stamps.notes)


def _whole_time(column: Column) -> TimeArray:
    assert column.times is not None
    refuse_empty(np.flatnonzero(np.isnat(column.times)), column.name)
    return column.times


def epoch_unit(column: Column) -> str | None:
    """Unit of a column of Unix times, None when it is no such column."""
    numbers = read_numbers(column)
    if numbers is None or numbers.bad.any() or not len(numbers.values):
        return None
    values = numbers.values
    if not np.isfinite(values).all() or (values != np.rint(values)).any() or spell_dates(values):
        return None
    return next((unit for unit, low, high in _EPOCH_UNITS if low <= values.min() <= values.max() < high), None)


def spell_dates(values: FloatArray) -> bool:
    """Whether whole numbers are stamps such as 20160131 or 201601310500; 1451606400 is none."""
    sample = values[:: max(1, len(values) // SAMPLE)]
    time = read_stamps([f"{value:.0f}" for value in sample.tolist()]).time
    years = component(time, "year")
    return len(years) > 0 and bool(((years >= 1900) & (years <= 2100)).all())


def _from_epoch(column: Column, at: int, unit: str) -> TimeAxis:
    numbers = read_numbers(column)
    assert numbers is not None
    time = numbers.values.astype(np.int64).astype(f"datetime64[{unit}]").astype("datetime64[ns]")
    suffix = _number_suffix(column)

    def write(new: TimeArray, like: IntArray) -> dict[int, Any]:
        counts = new.astype(f"datetime64[{unit}]").astype(np.int64)
        return {at: [f"{count}{suffix}" for count in counts.tolist()]}

    note = f"Time column {column.name!r} is read as Unix time in {unit}."
    return TimeAxis((at,), time, write, (note,))


def _number_suffix(column: Column) -> str:
    """`.0` when whole numbers are written that way."""
    first = column.texts[0].as_py() if column.kind == "text" else ""
    return "." + first.strip().partition(".")[2] if "." in first else ""


# --- several columns ----------------------------------------------------------------------------------------


def as_texts(column: Column) -> Any:
    """A column as text, whole numbers without decimals and dates without midnight."""
    import pyarrow as pa

    if column.kind in ("text", "category"):
        return column.texts
    if column.kind == "number":
        assert column.numbers is not None
        return pa.array([f"{value:.0f}" if value % 1 == 0 else repr(value) for value in column.numbers.tolist()])
    if column.kind == "time":
        time = _whole_time(column)
        days = time.astype("datetime64[D]")
        return pa.array(np.datetime_as_string(days if (days == time).all() else time).tolist())
    raise InputError(f"Column {column.name!r} cannot be part of the time. Name another one.")


def _from_parts(columns: Sequence[Column], chosen: Sequence[int], format: str | None) -> TimeAxis:
    """Stamps whose text is spread over several columns, joined with one space."""
    import pyarrow.compute as pc

    parts = [trimmed(as_texts(columns[at])) for at in chosen]
    for at, part in zip(chosen, parts, strict=True):
        refuse_empty_texts(part, columns[at].name)
    names = " + ".join(columns[at].name for at in chosen)
    stamps = parse_stamps(pc.binary_join_element_wise(*parts, " "), format, column=names)
    spaces = [part[0].as_py().count(" ") for part in parts]

    def write(time: TimeArray, like: IntArray) -> dict[int, Any]:
        cut = [_split_at(text, spaces) for text in stamps.texts_for(time, like)]
        return {at: [pieces[i] for pieces in cut] for i, at in enumerate(chosen)}

    return TimeAxis(tuple(chosen), stamps.time, write, stamps.notes)


def _split_at(text: str, spaces: Sequence[int]) -> list[str]:
    """Cut a joined text into parts that hold so many spaces each."""
    words = text.split(" ")
    ends = np.cumsum([0, *(count + 1 for count in spaces)]).tolist()
    return [" ".join(words[start:end]) for start, end in pairwise(ends)]


def _from_components(columns: Sequence[Column], chosen: Sequence[int]) -> TimeAxis:
    """Stamps from columns of numbers named year, month, day ..."""
    by_name = {columns[at].name.lower(): at for at in chosen}
    if "year" not in by_name:
        raise InputError("Time columns without a year make no stamp. Add the column that holds the year.")
    n_rows = len(_component_numbers(columns[by_name["year"]]))
    values = [
        _component_numbers(columns[by_name[name]])
        if name in by_name
        else np.full(n_rows, int(name in ("month", "day")), dtype=np.int64)
        for name in COMPONENTS
    ]
    time = compose(*values)
    bad = np.flatnonzero(np.isnat(time))
    if len(bad):
        shown = ", ".join(f"row {row + 1}: {[int(v[row]) for v in values]}" for row in bad[:SHOWN].tolist())
        raise InputError(
            f"Columns {', '.join(by_name)} make no stamp in {counted(len(bad), 'row')} ({shown}). Mend these rows."
        )
    return TimeAxis(tuple(chosen), time, lambda new, like: _write_components(new, columns, by_name))


def _component_numbers(column: Column) -> IntArray:
    numbers = read_numbers(column)
    if numbers is None:
        raise InputError(f"Time column {column.name!r} holds no numbers.")
    bad = np.flatnonzero(np.isnan(numbers.values) | (numbers.values % 1 != 0))
    if len(bad):
        raise InputError(
            f"Time column {column.name!r} holds no whole number in {counted(len(bad), 'row')} ({name_rows(bad)}). "
            "Every row needs a stamp: mend or remove them."
        )
    return numbers.values.astype(np.int64)


def _write_components(time: TimeArray, columns: Sequence[Column], by_name: dict[str, int]) -> dict[int, Any]:
    cells = {}
    for name, at in by_name.items():
        width = _component_width(columns[at])
        suffix = _number_suffix(columns[at])
        cells[at] = [f"{value:0{width}d}{suffix}" for value in component(time, name).tolist()]
    return cells


def _component_width(column: Column) -> int:
    """Digits of a component: 2 when the column writes 01, 1 when it writes 1."""
    import pyarrow.compute as pc

    if column.kind != "text":
        return 1
    return 2 if pc.any(pc.match_substring_regex(column.texts, r"^\s*0\d")).as_py() else 1
