"""Turns the value columns of a table into a series: in time order, and on the regular time grid if there is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.core.errors import InputError, RepeatedTimeError
from latentfill.core.messages import SHOWN, counted, name_rows
from latentfill.core.series import BoolArray, IntArray, Series, TimeArray
from latentfill.tables.options import TableOptions
from latentfill.tables.time.grid import Grid, find_grid, step_text
from latentfill.tables.value_columns import ValueColumns

MAX_STEPS_PER_ROW = 2.0  # with more steps than this for each row, the series does not use the grid unless asked to


def to_series(columns: ValueColumns, time: TimeArray | None, options: TableOptions) -> tuple[Series, tuple[str, ...]]:
    """The series of the value columns, and notes about its time axis; `time` (rows,) is None if rows are counted.

    Raises
    ------
    InputError
        If a time stamp occurs twice, or if rows should be added but there is no regular grid.
    """
    if time is None:
        if options.grid:
            raise InputError("There is no time column, so no time grid to add rows from. Leave out --grid.")
        return Series(columns.values, columns.names, None, np.arange(len(columns.values))), ()
    _refuse_repeated(time)
    notes = _order_notes(time)
    grid = find_grid(time)
    if grid is None:
        if options.grid:
            raise InputError(
                "The time stamps lie on no regular grid, or on a grid with more than 20 steps for each row, so no "
                "rows can be added. Leave out --grid, or round the time stamps."
            )
        notes = (*notes, "The time stamps have no regular step: each row is one step, in time order.")
    elif options.grid or (options.regular and len(grid.time) <= MAX_STEPS_PER_ROW * len(time)):
        series = _on_grid(columns, grid)
        return series, (*notes, *_added_notes(grid, series.rows, add=options.grid))
    return _in_time_order(columns, time, grid), notes


def _on_grid(columns: ValueColumns, grid: Grid) -> Series:
    """A series with one step for every time stamp of the grid; steps without a row are missing in all columns."""
    rows = np.full(len(grid.time), -1, dtype=np.int64)
    rows[grid.positions] = np.arange(len(columns.values))
    values = np.full((len(grid.time), columns.values.shape[1]), np.nan)
    values[grid.positions] = columns.values
    return Series(values, columns.names, grid.time, rows, grid.step)


def _in_time_order(columns: ValueColumns, time: TimeArray, grid: Grid | None) -> Series:
    """A series with one step for every row; its spacing is known only if no row is missing from the grid."""
    rows = np.argsort(time, kind="stable")
    step = grid.step if grid is not None and len(grid.time) == len(time) else None
    return Series(columns.values[rows], columns.names, time[rows], rows, step)


def without_cells(series: Series, cells: BoolArray) -> Series:
    """The series with NaN in some cells (rows, C) of its table."""
    if not cells.any():
        return series
    values = series.values.copy()
    is_row = series.rows >= 0
    values[is_row] = np.where(cells[series.rows[is_row]], np.nan, values[is_row])
    return replace(series, values=values)


# --- errors and notes ---------------------------------------------------------------------------------------


def _refuse_repeated(time: TimeArray) -> None:
    unique, first, counts = np.unique(time, return_index=True, return_counts=True)
    if len(unique) == len(time):
        return
    repeated = np.flatnonzero(counts > 1)
    shown = "; ".join(
        f"{_stamp_text(unique[position])} in {name_rows(np.flatnonzero(time == unique[position]))}"
        for position in repeated[np.argsort(first[repeated])][:3]
    )
    went_back = (
        " If clocks went back in that hour, give the time zone, such as `--timezone Europe/Berlin`."
        if counts.max() == 2 and 100 * len(repeated) < len(time)
        else ""
    )
    raise RepeatedTimeError(
        f"{counted(len(repeated), 'time stamp')} in more than one row: {shown}. Every row needs a time stamp of its "
        "own. If the table stacks several series, name the column that tells them "
        "apart, such as `--by station`; if rows are repeated, remove them; or count rows instead "
        f"with `--time none`.{went_back}"
    )


def _order_notes(time: TimeArray) -> tuple[str, ...]:
    if (time[1:] > time[:-1]).all():
        return ()
    if (time[1:] < time[:-1]).all():
        return ("The newest row comes first: rows are filled in time order and written in their original order.",)
    earlier = np.flatnonzero(time[1:] < time[:-1]) + 1
    return (
        f"Rows are not in time order (earlier than the row above: {name_rows(earlier)}). "
        "They are filled in time order and written in their original order.",
    )


def _added_notes(grid: Grid, rows: IntArray, *, add: bool) -> tuple[str, ...]:
    added = np.flatnonzero(rows < 0)
    if not len(added):
        return ()
    shown = ", ".join(_stamp_text(stamp) for stamp in grid.time[added[:SHOWN]])
    more = " ..." if len(added) > SHOWN else ""
    action = "added" if add else "give --grid to add them"
    missing = f"{counted(len(added), 'row')} {'is' if len(added) == 1 else 'are'} missing"
    return (f"{missing} from the grid of {step_text(grid.step)} ({shown}{more}); {action}.",)


def _stamp_text(stamp: np.datetime64) -> str:
    """A time stamp for a message, without seconds or time of day if they are 0."""
    text = str(np.datetime_as_string(stamp)).replace("T", " ")
    return text.removesuffix(".000000000").removesuffix(":00").removesuffix(" 00:00")
