"""Turns the value columns of a table into a series: in time order, and on the regular time grid if there is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted
from latentfill.core.series import BoolArray, IntArray, Series, TimeArray
from latentfill.tables.backends.row_names import RowNames
from latentfill.tables.options import TableOptions
from latentfill.tables.time.grid import Grid, find_grid, stamp_text, step_text
from latentfill.tables.time.uneven import UnevenSteps
from latentfill.tables.value_columns import ValueColumns

_LEAST_DAYS = 10  # rows without a weekend that show that there are business days only
MAX_STEPS_PER_ROW = 2.0  # with more steps than this for each row, the series does not use the grid unless asked to


def to_series(columns: ValueColumns, time: TimeArray | None, options: TableOptions) -> tuple[Series, tuple[str, ...]]:
    """The series of the value columns, and notes about its time axis; `time` (rows,) is None if rows are counted.

    Time stamps are all different. Raises an `InputError` if rows should be added but there is no regular grid.
    """
    if time is None:
        if options.grid:
            raise InputError("There is no time column, so no time grid to add rows from. Leave out --grid.")
        return Series(columns.values, columns.names, None, np.arange(len(columns.values)), labels=columns.labels), ()
    notes = _order_notes(time, columns.rows)
    grid = find_grid(time)
    if grid is None:
        if options.grid:
            raise InputError(
                "The time stamps lie on no regular grid, or on a grid with more than 20 steps for each row, so no "
                "rows can be added. Leave out --grid, or round the time stamps."
            )
    elif not options.grid and _are_business_days(time, grid):
        notes = (*notes, "The rows are business days: weekends are no gaps.")
        return _in_time_order(columns, time, None), notes
    elif options.grid or (options.regular and len(grid.time) <= MAX_STEPS_PER_ROW * len(time)):
        series = _on_grid(columns, grid)
        return series, (*notes, *_added_notes(grid, series.rows, add=options.grid))
    elif len(grid.time) == len(time):
        return _in_time_order(columns, time, grid), notes
    return _at_uneven_times(columns, time, notes, only_rows=not options.regular)


def _are_business_days(time: TimeArray, grid: Grid) -> bool:
    """Whether stamps are a day apart, but none of many is on a Saturday or Sunday."""
    is_daily = step_text(grid.step) == "1 day"
    if not is_daily or len(time) < _LEAST_DAYS:
        return False
    weekday = (time.astype("datetime64[D]").astype(np.int64) + 3) % 7  # 0 for Monday
    return bool((weekday < 5).all())


def _on_grid(columns: ValueColumns, grid: Grid) -> Series:
    """A series with one step for every time stamp of the grid; steps without a row are missing in all columns."""
    rows = np.full(len(grid.time), -1, dtype=np.int64)
    rows[grid.positions] = np.arange(len(columns.values))
    values = np.full((len(grid.time), columns.values.shape[1]), np.nan)
    values[grid.positions] = columns.values
    return Series(values, columns.names, grid.time, rows, grid.step, labels=columns.labels)


def _in_time_order(columns: ValueColumns, time: TimeArray, grid: Grid | None) -> Series:
    """A series with one step for every row, which are all rows of the grid if there is one."""
    rows = np.argsort(time, kind="stable")
    step = None if grid is None else grid.step
    return Series(columns.values[rows], columns.names, time[rows], rows, step, labels=columns.labels)


def _at_uneven_times(
    columns: ValueColumns, time: TimeArray, notes: tuple[str, ...], *, only_rows: bool
) -> tuple[Series, tuple[str, ...]]:
    """A series with a step for every row, and empty steps between rows that are further apart, if not `only_rows`."""
    if len(time) < 2:
        return _in_time_order(columns, time, None), notes
    order = np.argsort(time, kind="stable")
    steps = UnevenSteps.of(time[order], only_rows=only_rows)
    rows = np.full(len(steps.time), -1, dtype=np.int64)
    values = np.full((len(steps.time), columns.values.shape[1]), np.nan)
    rows[steps.step], values[steps.step] = order, columns.values[order]
    series = Series(values, columns.names, steps.time, rows, position=steps.position, labels=columns.labels)
    return series, (*notes, steps.note)


def without_cells(series: Series, cells: BoolArray) -> Series:
    """The series with NaN in some cells (rows, C) of its table."""
    if not cells.any():
        return series
    values = series.values.copy()
    is_row = series.rows >= 0
    values[is_row] = np.where(cells[series.rows[is_row]], np.nan, values[is_row])
    return replace(series, values=values)


# --- errors and notes ---------------------------------------------------------------------------------------


def _order_notes(time: TimeArray, rows: RowNames) -> tuple[str, ...]:
    if (time[1:] > time[:-1]).all():
        return ()
    if (time[1:] < time[:-1]).all():
        return ("The newest row comes first: rows are filled in time order and written in their original order.",)
    earlier = np.flatnonzero(time[1:] < time[:-1]) + 1
    return (
        f"Rows are not in time order (earlier than the row above: {rows.listed(earlier)}). "
        "They are filled in time order and written in their original order.",
    )


def _added_notes(grid: Grid, rows: IntArray, *, add: bool) -> tuple[str, ...]:
    added = np.flatnonzero(rows < 0)
    if not len(added):
        return ()
    shown = ", ".join(stamp_text(stamp) for stamp in grid.time[added[:SHOWN]])
    more = " ..." if len(added) > SHOWN else ""
    action = "added" if add else "give --grid to add them"
    missing = f"{counted(len(added), 'row')} {'is' if len(added) == 1 else 'are'} missing"
    return (f"{missing} from the grid of {step_text(grid.step)} ({shown}{more}); {action}.",)
