"""Finds the time dimension of an object of xarray, and the times along it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from latentfill.api.containers.pandas_frames import NS_YEARS, is_out_of_range, new_index
from latentfill.core.errors import InputError, UnknownColumnError, did_you_mean
from latentfill.core.libraries import is_of
from latentfill.core.messages import listed, quoted

USUAL = "time"


class Times(NamedTuple):
    """A time dimension."""

    dim: str
    name: str  # of the coordinate with its times; that of the dimension if there is none
    index: Any  # of pandas, (T,); None if there is no coordinate, or if steps are counted


def find_times(data: Any, given: Sequence[str] | None) -> Times:
    """The time dimension of a `DataArray` or a `Dataset`: the one `given`, else the only one with time stamps.

    A dimension or a coordinate can be given; with () steps are counted. Without time stamps it is the dimension `time`,
    or the only one there is. Raises an `InputError` if there is none, or more than one.
    """
    name = _named(data, given) if given else _found(data)
    dim = name if name in data.dims else data.coords[name].dims[0]
    levels = getattr(data.indexes.get(dim), "names", ())
    if len(levels) > 1:
        raise InputError(
            f"dimension {quoted(dim)} has levels ({', '.join(levels)}). Call .unstack({quoted(dim)}) on it first."
        )
    if given == () or name not in data.coords:
        return Times(dim, name, None)
    return Times(dim, name, _index(data.coords[name], name))


def _named(data: Any, given: Sequence[str]) -> str:
    known = [str(name) for name in (*data.dims, *(name for name, each in data.coords.items() if each.ndim == 1))]
    if len(given) > 1 or given[0] not in known:
        raise UnknownColumnError(f"time: {did_you_mean('dimension', ', '.join(given), dict.fromkeys(known))}.")
    return given[0]


def _found(data: Any) -> str:
    """The name of the coordinate with time stamps, or of the dimension that is likely to be time."""
    stamps = list(_with_stamps(data))
    for names in ([name for name in stamps if name in data.dims], stamps):
        if len(names) == 1 or USUAL in names:
            return USUAL if USUAL in names else names[0]
        if names:
            raise InputError(f"{listed(names)} hold time stamps. Name the one of the series: time=...")
    if USUAL in data.dims or len(data.dims) == 1:
        return USUAL if USUAL in data.dims else str(next(iter(data.dims)))
    dims = ", ".join(map(str, data.dims)) or "none"
    raise InputError(f"no coordinate holds time stamps (dimensions: {dims}). Name the time dimension: time=...")


def _with_stamps(data: Any) -> Iterator[str]:
    """Names of the coordinates along one dimension that hold time stamps."""
    for name, coordinate in data.coords.items():
        if coordinate.ndim == 1 and (coordinate.dtype.kind == "M" or _are_of_calendar(coordinate)):
            yield str(name)


def _index(coordinate: Any, name: str) -> Any:
    """The coordinate as an index of pandas, with the dates of other calendars as those of the usual one."""
    values = coordinate.values
    if _are_of_calendar(coordinate):
        values = _usual_dates(values, name)
    index = coordinate.indexes[name] if values.dtype.kind != "M" and name in coordinate.indexes else None
    index = new_index(values, name) if index is None else index.rename(name)
    if is_out_of_range(index):
        raise InputError(
            f"the times of {quoted(name)}, {index.min()} to {index.max()}, are not all within {NS_YEARS[0]} to "
            f"{NS_YEARS[1]}. Count its steps as equally spaced: time=False."
        )
    return index


def _are_of_calendar(coordinate: Any) -> bool:
    """Whether a coordinate holds dates of cftime."""
    return coordinate.dtype.kind == "O" and coordinate.size > 0 and is_of(coordinate.values[0], "cftime")


def _usual_dates(values: Any, name: str) -> Any:
    try:
        return np.array([date.isoformat() for date in values], dtype="datetime64[us]")
    except ValueError as error:
        raise InputError(
            f"the calendar of {quoted(name)} ({values[0].calendar}) has dates that others lack. Convert it, "
            "data.convert_calendar('standard', align_on='year'), or count its steps as equally spaced: time=False."
        ) from error
