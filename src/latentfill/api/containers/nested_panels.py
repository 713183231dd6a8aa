"""The nested frames of sktime: a row for each instance, whose cells are series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from latentfill.api.containers.container import Opened, counting_steps, filling_all
from latentfill.api.containers.pandas_frames import are_stamps, new_frame
from latentfill.api.containers.stacked_frames import StackedFrames
from latentfill.core.errors import InputError
from latentfill.core.libraries import is_of
from latentfill.core.messages import quoted
from latentfill.tables.options import TableOptions


class NestedPanels:
    """A frame whose cells are series, read as a stacked frame; cells come back with their index, name and type."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "pandas", "DataFrame") and _has_objects(data) and any(_nested(data))

    def open(self, data: Any, options: TableOptions) -> Opened:
        if not all(_nested(data)):
            raise InputError("some columns of the frame hold series and others do not. Give one or the other.")
        if options.by:
            raise InputError("the rows of a nested frame tell its series apart: leave out by (--by).")
        parts = [_instance(data, row) for row in range(len(data))]
        stack = StackedFrames.of(parts, list(data.index), str(data.index.name or "instance"))
        timed = options if are_stamps(stack.frame.index) else counting_steps(options)
        by_instance = replace(filling_all(timed, list(parts[0].columns)), by=(stack.by,))
        return Opened(stack.frame, by_instance, lambda filled: _nest(data, list(stack.apart(filled))), takes_rows=False)


def _has_objects(data: Any) -> bool:
    """Whether the frame has a cell in a column of objects; many columns are not looked at one by one."""
    return len(data) > 0 and bool((data.dtypes == "object").any())


def _nested(data: Any) -> Iterator[bool]:
    """For each column, whether its first cell is a series."""
    return (column.dtype == object and is_of(column.iloc[0], "pandas", "Series") for _, column in data.items())


def _instance(data: Any, row: int) -> Any:
    """The series in a row as the columns of a frame."""
    cells = {str(name): data[name].iloc[row] for name in data.columns}
    index = next(iter(cells.values())).index
    for name, cell in cells.items():
        if not is_of(cell, "pandas", "Series") or not cell.index.equals(index):
            raise InputError(
                f"the cell of column {quoted(name)} in row {row} is no series, or one with other times than the first "
                "of its "
                "row. Give all columns of an instance the same times."
            )
    return new_frame({name: cell.array for name, cell in cells.items()}, index)


def _nest(data: Any, parts: Sequence[Any]) -> Any:
    """A nested frame like the one given, with the columns of the filled frames of its rows."""
    new = data.copy()
    given = dict(zip(map(str, data.columns), data.columns, strict=True))
    for name in parts[0].columns:
        cells = np.empty(len(parts), dtype=object)
        for row, part in enumerate(parts):
            cells[row] = part[name].rename(data[given[name]].iloc[row].name if name in given else None)
        new[given.get(name, name)] = cells
    return new
