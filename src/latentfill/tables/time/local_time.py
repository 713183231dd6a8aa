"""Reads time stamps without a zone as the local time of a place, where clocks go forward and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted
from latentfill.core.series import BoolArray, IntArray, TimeArray
from latentfill.tables.backends.arrow import number_array, to_integers
from latentfill.tables.backends.edits import StampCells
from latentfill.tables.backends.row_names import COUNTED, RowNames
from latentfill.tables.time.axis import TimeAxis

if TYPE_CHECKING:
    import pyarrow as pa


def in_timezone(axis: TimeAxis, timezone: str, parts: IntArray | None = None, rows: RowNames = COUNTED) -> TimeAxis:
    """The axis with its stamps, which are local time, in UTC; new stamps are written in local time.

    Of two equal stamps in the hour that is repeated when clocks go back, the earlier row is the earlier moment; rows
    are only compared with others of the same part (rows,), if these are given. Raises an `InputError` if stamps have
    zones of their own, or lie in the hour that is left out when clocks go forward.
    """
    if axis.zones:
        raise InputError(f"the time stamps have time zones of their own. Leave out --timezone {timezone}.")
    first, second = (_to_utc(axis.time, timezone, ambiguous) for ambiguous in ("earliest", "latest"))
    _refuse_left_out(axis.time, to_local(first, timezone), timezone, rows)
    parts = np.zeros(len(axis.time), dtype=np.int64) if parts is None else parts
    time = np.where(_are_repeats(axis.time, parts, first != second), second, first)

    def write(new: TimeArray, like: IntArray) -> dict[int, StampCells]:
        return axis.write(to_local(new, timezone), like)

    note = f"Time stamps are read as local time of {timezone}."
    return replace(axis, time=time, write=write, notes=(*axis.notes, note), zones=(timezone,))


def _are_repeats(local: TimeArray, parts: IntArray, ambiguous: BoolArray) -> BoolArray:
    """Whether a stamp in the repeated hour is the second of two equal ones of its part, in the order of time."""
    rows = np.flatnonzero(ambiguous)
    if not len(rows):
        return ambiguous
    is_newest_first = bool(local[0] > local[-1])
    rows = rows[::-1] if is_newest_first else rows
    stamps = np.column_stack([local[rows].astype(np.int64), parts[rows]])
    _, first = np.unique(stamps, axis=0, return_index=True)
    repeats = np.ones(len(rows), dtype=bool)
    repeats[first] = False
    result = np.zeros(len(local), dtype=bool)
    result[rows[repeats]] = True
    return result


def _to_utc(local: TimeArray, timezone: str, ambiguous: str) -> TimeArray:
    import pyarrow.compute as pc

    zoned = pc.assume_timezone(_as_arrow(local), timezone, ambiguous=ambiguous, nonexistent="earliest")
    return to_integers(zoned, null=0).view("datetime64[ns]")


def to_local(time: TimeArray, timezone: str) -> TimeArray:
    """Moments in UTC as the local time of a place."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zoned = _as_arrow(time).cast(pa.timestamp("ns", tz=timezone))
    return to_integers(pc.local_timestamp(zoned), null=0).view("datetime64[ns]")


def _as_arrow(time: TimeArray) -> pa.Array:
    import pyarrow as pa

    return number_array(np.asarray(time, dtype="datetime64[ns]").view(np.int64)).cast(pa.timestamp("ns"))


def _refuse_left_out(local: TimeArray, back: TimeArray, timezone: str, rows: RowNames) -> None:
    """Raise an `InputError` if a stamp is not the same when it is read and written back."""
    bad = np.flatnonzero(local != back)
    if len(bad):
        shown = rows.with_cells({row: str(local[row])[:16].replace("T", " ") for row in bad[:SHOWN].tolist()})
        raise InputError(
            f"{counted(len(bad), 'time stamp')} cannot be in {timezone}, where clocks go forward at that hour "
            f"({shown}). Give the zone that the clock really had, such as Etc/GMT-1 for one hour ahead all year."
        )
