"""The `DataArray` and the `Dataset` of xarray."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from latentfill.api.containers.container import Opened
from latentfill.api.containers.xarray_frames import ArraysFrame
from latentfill.api.containers.xarray_time import find_times
from latentfill.core.errors import InputError
from latentfill.core.libraries import is_of
from latentfill.core.messages import quoted
from latentfill.tables.options import TableOptions


class DataArrays:
    """An array with a time dimension; its other dimensions are columns, or tell series apart if `by` names them."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "xarray", "DataArray")

    def open(self, data: Any, options: TableOptions) -> Opened:
        if data.dtype.kind not in "fiu":
            raise InputError(f"a DataArray of type {data.dtype} holds no numbers to fill.")
        arrays = ArraysFrame.of(data, {data.name: data}, options)
        (only,) = arrays.parts.values()
        return Opened(arrays.frame, arrays.options, only.filled, takes_rows=False, takes_columns=False)


class Datasets:
    """A dataset, whose variables of numbers along the time dimension are columns of one frame; others pass through."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "xarray", "Dataset")

    def open(self, data: Any, options: TableOptions) -> Opened:
        times = find_times(data, options.time)
        along = {name: each for name, each in data.data_vars.items() if times.dim in each.dims}
        numbers = {name: each for name, each in along.items() if each.dtype.kind in "fiu"}
        if not numbers:
            raise InputError(
                f"no variable of the Dataset has numbers along {quoted(times.dim)}. Name another: time=..."
            )
        arrays = ArraysFrame.of(data, numbers, options)
        return Opened(arrays.frame, arrays.options, lambda filled: _assigned(data, arrays, filled), takes_rows=False)


def _assigned(data: Any, arrays: ArraysFrame, filled: Any) -> Any:
    """The dataset with its filled variables, and with those of interval bounds."""
    new = {name: part.filled(filled) for name, part in arrays.parts.items()}
    return data.assign(new).assign(dict(_bounds(arrays, filled)))


def _bounds(arrays: ArraysFrame, filled: Any) -> Iterator[tuple[str, Any]]:
    for name, part in arrays.parts.items():
        for suffix in ("lower", "upper"):
            if (bounds := part.bounds(filled, suffix)) is not None:
                yield f"{name}_{suffix}", bounds
