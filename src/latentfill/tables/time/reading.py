"""Reads the time axis of a table from its time columns, which the user names or which are detected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import IntArray
from latentfill.tables.backends.column import Column
from latentfill.tables.time.axis import TimeAxis, index_axis, moments_axis
from latentfill.tables.time.component_columns import component_axis
from latentfill.tables.time.date_parts import parts_of
from latentfill.tables.time.decimal_years import are_decimal_years, decimal_axis
from latentfill.tables.time.detection import find_time_columns, sample_of
from latentfill.tables.time.intervals import are_intervals, interval_axis
from latentfill.tables.time.local_time import in_timezone
from latentfill.tables.time.number_stamps import unix_axis, unix_unit
from latentfill.tables.time.stamp_column import stamp_axis


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRequest:
    """The user's options for the time axis of a table."""

    names: tuple[str, ...] | None = None  # columns that form the time stamps; None: detect them, (): count rows
    format: str | None = None  # strptime format of the stamps; None: detect it
    timezone: str | None = None  # zone of stamps without one; None: UTC
    excluded: frozenset[str] = frozenset()  # columns that cannot be detected as time, because of other options
    parts: IntArray | None = None  # (rows,) what each row of a long table is a reading of, by number


def read_time_axis(columns: Sequence[Column], index: Column | None, request: TimeRequest) -> TimeAxis | None:
    """The time axis of a table, from the columns that the user names, else from the index, else from detected columns.

    None if rows should be counted, or if neither columns nor the index of the frame have time stamps.
    """
    axis = _read_any(columns, index, request)
    if axis is None or request.timezone is None:
        return axis
    return in_timezone(axis, request.timezone, request.parts, (index or columns[0]).rows)


def _read_any(columns: Sequence[Column], index: Column | None, request: TimeRequest) -> TimeAxis | None:
    """The time axis, with stamps without a zone taken as UTC."""
    if request.names is None:
        return _find_axis(columns, index, request)
    if not request.names:
        return None
    positions = {column.name: position for position, column in enumerate(columns)}
    if index is not None and request.names == (index.name,) and index.name not in positions:
        return _from_index(index, named=True)
    return _read_axis(columns, [positions[name] for name in request.names], request.format)


def _find_axis(columns: Sequence[Column], index: Column | None, request: TimeRequest) -> TimeAxis | None:
    if request.format is None and (axis := _from_index(index)) is not None:
        return axis
    searched = [Column("", "other") if column.name in request.excluded else column for column in columns]
    time_columns = find_time_columns(searched, request.format)
    if time_columns is not None:
        axis = _read_axis(columns, time_columns.positions, request.format)
        return replace(axis, notes=(*time_columns.notes, *axis.notes))
    if request.format is not None:
        raise InputError(
            f"No column can be read with --time-format {quoted(request.format)}. Name the time column too: `--time "
            "COLUMN`."
        )
    return None


def _from_index(index: Column | None, *, named: bool = False) -> TimeAxis | None:
    """The time axis of an index of moments, or of texts or numbers that are stamps; None if they are none."""
    if index is None or index.kind == "time":
        return None if index is None else index_axis(index)
    years = index.numbers.values if index.numbers is not None else np.zeros(1)
    are_years = bool(((years >= 1900) & (years <= 2100) & (years % 1 == 0)).all())
    if are_years and len(years) > 2 and bool((np.diff(years) > 0).all()):
        time = (years - 1970).astype(np.int64).astype("datetime64[Y]").astype("datetime64[ns]")
        return index_axis(Column.of_times(index.name, time))
    if not named and find_time_columns([index], None) is None:
        return None
    return index_axis(Column.of_times(index.name, _read_axis([index], (0,), None).time))


def _read_axis(columns: Sequence[Column], chosen: Sequence[int], format: str | None) -> TimeAxis:
    """The time axis of the columns at the positions `chosen`: moments, numbers, components or texts."""
    first = columns[chosen[0]]
    if len(chosen) == 1 and first.kind == "time":
        return moments_axis(first, chosen[0])
    if format is None and len(chosen) == 1 and (unit := unix_unit(first)) is not None:
        return unix_axis(first, chosen[0], unit)
    if format is None and len(chosen) == 1 and are_decimal_years(first):
        return decimal_axis(first, chosen[0])
    parts = parts_of(columns, chosen) if format is None else {}
    if parts and (len(chosen) > 1 or set(parts) == {"year"}):
        return component_axis(columns, chosen)
    if format is None and len(chosen) == 1 and first.kind == "text" and are_intervals(sample_of(first)):
        return interval_axis(first, chosen[0])
    return stamp_axis(columns, chosen, format)
