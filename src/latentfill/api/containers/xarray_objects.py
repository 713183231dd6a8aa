"""The `DataArray` and the `Dataset` of xarray."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.api.containers.container import Opened, counting_steps, filling_all, free_name
from latentfill.api.containers.pandas_frames import are_stamps, new_frame, new_index
from latentfill.api.containers.xarray_columns import ArrayColumns, labels
from latentfill.api.containers.xarray_time import Times, find_times
from latentfill.core.errors import InputError, UnknownColumnError, did_you_mean
from latentfill.core.libraries import is_of
from latentfill.core.messages import name_columns
from latentfill.tables.options import TableOptions


class DataArrays:
    """An array with a time dimension; its other dimensions are columns, or tell series apart if `by` names them."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "xarray", "DataArray")

    def open(self, data: Any, options: TableOptions) -> Opened:
        if data.dtype.kind not in "fiu":
            raise InputError(f"a DataArray of type {data.dtype} holds no numbers to fill.")
        spread = Spread.of(data, {data.name: data}, options)
        (only,) = spread.arrays.values()
        return Opened(spread.frame, spread.options, only.filled, takes_rows=False, takes_columns=False)


class Datasets:
    """A dataset, whose variables of numbers along the time dimension are columns of one frame; others pass through."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "xarray", "Dataset")

    def open(self, data: Any, options: TableOptions) -> Opened:
        times = find_times(data, options.time)
        along = {name: each for name, each in data.data_vars.items() if times.dim in each.dims}
        numbers = {name: each for name, each in along.items() if each.dtype.kind in "fiu"}
        if not numbers:
            raise InputError(f"no variable of the Dataset has numbers along {times.dim!r}. Name another: time=...")
        spread = Spread.of(data, numbers, options)
        return Opened(spread.frame, spread.options, lambda filled: _assigned(data, spread, filled), takes_rows=False)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Arrays as columns of one frame."""

    arrays: Mapping[Any, ArrayColumns]  # by name of the array
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
                f"by: {name_columns(lacking)} have no dimension {dim!r}, so they belong to no series. Drop them, "
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


def _assigned(data: Any, spread: Spread, filled: Any) -> Any:
    """The dataset with its filled variables, and with those of interval bounds."""
    new = {name: part.filled(filled) for name, part in spread.arrays.items()}
    return data.assign(new).assign(dict(_bounds(spread, filled)))


def _bounds(spread: Spread, filled: Any) -> Iterator[tuple[str, Any]]:
    for name, part in spread.arrays.items():
        for suffix in ("lower", "upper"):
            if (bounds := part.bounds(filled, suffix)) is not None:
                yield f"{name}_{suffix}", bounds
