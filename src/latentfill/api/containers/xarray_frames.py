"""Arrays of xarray that share a time dimension as one frame of pandas, and the options with which it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.api.containers.container import counting_steps, filling_all, free_name
from latentfill.api.containers.pandas_frames import are_stamps, new_frame, new_index
from latentfill.api.containers.xarray_columns import ArrayColumns, labels
from latentfill.api.containers.xarray_time import Times, find_times
from latentfill.core.errors import InputError, UnknownColumnError, did_you_mean
from latentfill.core.messages import name_columns, quoted
from latentfill.tables.options import TableOptions


@dataclass(frozen=True, slots=True, eq=False)
class ArraysFrame:
    """Arrays as columns of one frame."""

    parts: Mapping[Any, ArrayColumns]  # by name of the array
    frame: Any  # of pandas
    options: TableOptions  # how the frame is read

    @classmethod
    def of(cls, data: Any, arrays: Mapping[Any, Any], options: TableOptions) -> Self:
        """The frame of some arrays of the data, with the times as its index and a column for each dimension of `by`."""
        times = find_times(data, options.time)
        by = _series_dims(data, options.by, times, arrays)
        parts = {name: ArrayColumns.of(each, name, times.dim, by) for name, each in arrays.items()}
        columns = _columns(list(parts.values()))
        of_series = _labels_of_series(data, by, times.dim, taken=list(columns))
        index = _index(times, math.prod(data.sizes[dim] for dim in by), taken=[*of_series, *columns])
        spelt = replace(options, by=tuple(of_series), **_by_column(options, parts))
        frame = new_frame({**of_series, **columns}, index)
        return cls(parts, frame, filling_all(_timed(spelt, times, index), list(columns)))


def _columns(parts: Sequence[ArrayColumns]) -> dict[str, NDArray[Any]]:
    """The columns of all arrays by name; an `InputError` if two have the same."""
    columns = {name: cells for part in parts for name, cells in part.columns.items()}
    if len(columns) < sum(len(part.names) for part in parts):
        names = name_columns(list(columns))
        raise InputError(f"two places of the variables have the same name among {names}. Rename a variable.")
    return columns


def _series_dims(data: Any, by: Sequence[str], times: Times, arrays: Mapping[Any, Any]) -> list[str]:
    """The dimensions that tell series apart, which all arrays must have."""
    others = [str(dim) for dim in data.dims if dim != times.dim]
    for dim in by:
        if dim not in others:
            raise UnknownColumnError(f"by: {did_you_mean('dimension', dim, others)}.")
        if lacking := [str(name) for name, each in arrays.items() if dim not in each.dims]:
            raise InputError(
                f"by: {name_columns(lacking)} have no dimension {quoted(dim)}, so they belong to no series. Drop them, "
                f"data.drop_vars({lacking}), and fill them by themselves."
            )
    return list(by)


def _labels_of_series(data: Any, by: Sequence[str], time: str, taken: Sequence[str]) -> dict[str, Any]:
    """A column for each dimension of `by` with the labels of the series, which stand one below the other."""
    places = list(product(*(labels(data, dim) for dim in by)))
    n_steps = data.sizes[time]
    return {
        free_name(dim, taken): np.repeat(np.array([place[at] for place in places], dtype=object), n_steps)
        for at, dim in enumerate(by)
    }


def _index(times: Times, n_series: int, taken: Sequence[str]) -> Any:
    """The times of all series, one below the other; None if there are none."""
    if times.index is None:
        return None
    return new_index(np.tile(np.asarray(times.index), n_series), free_name(times.name, taken))


def _timed(options: TableOptions, times: Times, index: Any) -> TableOptions:
    """The options with the time stamps of the index; without any, its steps are counted."""
    if times.index is None or options.time == ():
        return counting_steps(options)
    return replace(options, time=(index.name,) if are_stamps(index) else None)


def _by_column(options: TableOptions, parts: Mapping[Any, ArrayColumns]) -> dict[str, Any]:
    """The options that name columns; the name of a variable stands for all of its columns."""
    of_variable = {name: part.names for name, part in parts.items()}

    def spelt(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(column for name in names for column in of_variable.get(name, (name,)))

    return {"leave": spelt(options.leave), "columns": None if options.columns is None else spelt(options.columns)}
