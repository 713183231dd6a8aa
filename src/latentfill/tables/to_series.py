"""The value columns of a table laid out as a series: in time order, on the regular grid where there is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted, name_rows
from latentfill.core.series import FloatArray, IntArray, Series, TimeArray
from latentfill.tables.options import TableOptions
from latentfill.tables.time.grid import Grid, find_grid, step_text

MAX_ADDED = 2.0  # steps of the grid per row of the table up to which the work is done on the grid


def lay_out(
    values: FloatArray, names: Sequence[str], time: TimeArray | None, options: TableOptions
) -> tuple[Series, tuple[str, ...]]:
    """The series of `values` (rows, C), and notes on its time axis."""
    columns = tuple(names)
    if time is None:
        if options.grid:
            raise InputError("There is no time column, so there is no grid to add rows from. Leave --grid out.")
        return Series(values, columns, None, np.arange(len(values))), ()
    _refuse_repeated(time)
    notes = _order_notes(time)
    grid = find_grid(time)
    if grid is not None and _is_worth_it(grid, options):
        rows = np.full(len(grid.time), -1, dtype=np.int64)
        rows[grid.positions] = np.arange(len(values))
        on_grid = np.full((len(grid.time), values.shape[1]), np.nan)
        on_grid[grid.positions] = values
        series = Series(on_grid, columns, grid.time, rows, grid.step)
        return series, (*notes, *_added_notes(grid, rows, options.grid))
    if grid is None:
        if options.grid:
            raise InputError(
                "The stamps lie on no regular grid (or on one with more than 20 steps for each row), so no "
                "rows can be added. Leave --grid out, or round the stamps."
            )
        notes = (*notes, "The stamps follow no regular step; rows are taken in their order.")
    rows = np.argsort(time, kind="stable")
    step = grid.step if grid is not None and len(grid.time) == len(time) else None
    return Series(values[rows], columns, time[rows], rows, step), notes


def _is_worth_it(grid: Grid, options: TableOptions) -> bool:
    """Whether the work is done on the grid, with the steps that no row of the table has."""
    return options.grid or (options.regular and len(grid.time) <= MAX_ADDED * len(grid.positions))


def _refuse_repeated(time: TimeArray) -> None:
    unique, first, counts = np.unique(time, return_index=True, return_counts=True)
    if len(unique) == len(time):
        return
    repeated = np.flatnonzero(counts > 1)
    shown = "; ".join(
        f"{_stamp(unique[at])} in {name_rows(np.flatnonzero(time == unique[at]))}"
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
        return ("The newest row comes first; rows are worked on in time order and written in their own.",)
    back = np.flatnonzero(time[1:] < time[:-1]) + 1
    return (f"Rows are not in time order ({name_rows(back)} go back); they are written in their own order.",)


def _added_notes(grid: Grid, rows: IntArray, add: bool) -> tuple[str, ...]:
    added = np.flatnonzero(rows < 0)
    if not len(added):
        return ()
    shown = ", ".join(_stamp(moment) for moment in grid.time[added[:SHOWN]])
    more = " ..." if len(added) > SHOWN else ""
    what = "added" if add else "give --grid to add them"
    missing = f"{counted(len(added), 'row')} {'is' if len(added) == 1 else 'are'} missing"
    return (f"{missing} from the grid of {step_text(grid.step)} ({shown}{more}); {what}.",)


def _stamp(moment: np.datetime64) -> str:
    """A stamp for a message, without needless zeros."""
    text = str(np.datetime_as_string(moment)).replace("T", " ")
    return text.removesuffix(".000000000").removesuffix(":00").removesuffix(" 00:00")
