"""The time axis of a table: which columns make it, and the stamps that they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.time.axis import TimeAxis, index_axis, moments_axis
from latentfill.tables.time.calendar import COMPONENTS
from latentfill.tables.time.component_columns import component_axis
from latentfill.tables.time.detection import find_time_columns
from latentfill.tables.time.number_stamps import unix_axis, unix_unit
from latentfill.tables.time.stamp_column import stamp_axis


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRequest:
    """What the user says about the time of a table."""

    names: tuple[str, ...] | None = None  # columns that make the stamps; None = find them, () = row numbers
    format: str | None = None  # strptime format of the stamps
    barred: frozenset[str] = frozenset()  # columns that the user has named for something else


def read_time_axis(columns: Sequence[Column], index: Column | None, request: TimeRequest) -> TimeAxis | None:
    """The stamps of a table from the columns asked for, else from those found, else from the time index of a frame.

    None where the rows are to be counted, or where neither columns nor an index hold stamps.
    """
    if request.names is None:
        return _find_axis(columns, index, request)
    if not request.names:
        return None
    positions = {column.name: at for at, column in enumerate(columns)}
    if index is not None and request.names == (index.name,) and index.name not in positions:
        return index_axis(index)
    return _read_axis(columns, [positions[name] for name in request.names], request.format)


def _find_axis(columns: Sequence[Column], index: Column | None, request: TimeRequest) -> TimeAxis | None:
    free = [Column("", "other") if column.name in request.barred else column for column in columns]
    found = find_time_columns(free, request.format)
    if found is not None:
        axis = _read_axis(columns, found.positions, request.format)
        return replace(axis, notes=(*found.notes, *axis.notes))
    if index is not None:
        return index_axis(index)
    if request.format is not None:
        raise InputError(
            f"No column can be read with --time-format {request.format!r}. Name the time column too: `--time COLUMN`."
        )
    return None


def _read_axis(columns: Sequence[Column], chosen: Sequence[int], format: str | None) -> TimeAxis:
    """The stamps of the columns at these positions, whatever they hold."""
    names = {columns[at].name.lower() for at in chosen}
    first = columns[chosen[0]]
    if len(chosen) == 1 and first.kind == "time":
        return moments_axis(first, chosen[0])
    if format is None and len(chosen) == 1 and names != {"year"} and (unit := unix_unit(first)) is not None:
        return unix_axis(first, chosen[0], unit)
    if format is None and names <= set(COMPONENTS) and (len(chosen) > 1 or names == {"year"}):
        return component_axis(columns, chosen)
    return stamp_axis(columns, chosen, format)
