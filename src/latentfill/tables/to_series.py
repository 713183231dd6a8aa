"""The value columns of a table laid out as a series: in time order, on the regular grid where there is one."""

from __future__ import annotations

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted, name_rows
from latentfill.core.series import IntArray, Series, TimeArray
from latentfill.tables.options import TableOptions
from latentfill.tables.time.grid import Grid, find_grid, step_text
from latentfill.tables.value_columns import ValueColumns

MAX_ADDED = 2.0  # steps of the grid per row of the table up to which the series lies on the grid


def to_series(found: ValueColumns, time: TimeArray | None, options: TableOptions) -> tuple[Series, tuple[str, ...]]:
    """The series of the value columns, and notes on its time axis; `time` (rows,) is None where rows are counted.

    Raises
    ------
    InputError
        If a stamp occurs twice, or rows are to be added and there is no regular grid.
    """
    if time is None:
        if options.grid:
            raise InputError("There is no time column, so there is no grid to add rows from. Leave --grid out.")
        return Series(found.values, found.names, None, np.arange(len(found.values))), ()
    _refuse_repeated(time)
    notes = _order_notes(time)
    grid = find_grid(time)
    if grid is None:
        if options.grid:
            raise InputError(
                "The stamps lie on no regular grid (or on one with more than 20 steps for each row), so no "
                "rows can be added. Leave --grid out, or round the stamps."
            )
        notes = (*notes, "The stamps follow no regular step: each row is one step, in time order.")
    elif options.grid or (options.regular and len(grid.time) <= MAX_ADDED * len(time)):
        series = _on_grid(found, grid)
        return series, (*notes, *_added_notes(grid, series.rows, add=options.grid))
    return _in_time_order(found, time, grid), notes


def _on_grid(found: ValueColumns, grid: Grid) -> Series:
    """One step for every stamp of the grid; a step that no row has is missing in all columns."""
    rows = np.full(len(grid.time), -1, dtype=np.int64)
    rows[grid.positions] = np.arange(len(found.values))
    values = np.full((len(grid.time), found.values.shape[1]), np.nan)
    values[grid.positions] = found.values
    return Series(values, found.names, grid.time, rows, grid.step)


def _in_time_order(found: ValueColumns, time: TimeArray, grid: Grid | None) -> Series:
    """One step for every row; the series has a spacing only where the rows are the whole grid."""
    rows = np.argsort(time, kind="stable")
    step = grid.step if grid is not None and len(grid.time) == len(time) else None
    return Series(found.values[rows], found.names, time[rows], rows, step)


# --- refused and noted --------------------------------------------------------------------------------------


def _refuse_repeated(time: TimeArray) -> None:
    unique, first, counts = np.unique(time, return_index=True, return_counts=True)
    if len(unique) == len(time):
        return
    repeated = np.flatnonzero(counts > 1)
    shown = "; ".join(
        f"{_stamp_text(unique[at])} in {name_rows(np.flatnonzero(time == unique[at]))}"
        for at in repeated[np.argsort(first[repeated])][:3]
    )
    raise InputError(
        f"{counted(len(repeated), 'time stamp')} in more than one row: {shown}. Every row needs its own: split a table "
        "that holds several series one below the other, remove doubled rows, or work by row number with "
        "`--time none`."
    )


def _order_notes(time: TimeArray) -> tuple[str, ...]:
    if (time[1:] > time[:-1]).all():
        return ()
    if (time[1:] < time[:-1]).all():
        return ("The newest row comes first: rows are filled in time order and written in their own order.",)
    earlier = np.flatnonzero(time[1:] < time[:-1]) + 1
    return (
        f"Rows are not in time order (earlier than the row above: {name_rows(earlier)}). "
        "They are filled in time order and written in their own order.",
    )


def _added_notes(grid: Grid, rows: IntArray, *, add: bool) -> tuple[str, ...]:
    added = np.flatnonzero(rows < 0)
    if not len(added):
        return ()
    shown = ", ".join(_stamp_text(moment) for moment in grid.time[added[:SHOWN]])
    more = " ..." if len(added) > SHOWN else ""
    what = "added" if add else "give --grid to add them"
    missing = f"{counted(len(added), 'row')} {'is' if len(added) == 1 else 'are'} missing"
    return (f"{missing} from the grid of {step_text(grid.step)} ({shown}{more}); {what}.",)


def _stamp_text(moment: np.datetime64) -> str:
    """A stamp for a message, without needless zeros."""
    text = str(np.datetime_as_string(moment)).replace("T", " ")
    return text.removesuffix(".000000000").removesuffix(":00").removesuffix(" 00:00")
