"""A `DataArray` as columns of a frame, one for each place of its dimensions other than time, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.api.containers.numbers import plain, with_filled

UNNAMED = "value"


@dataclass(frozen=True, slots=True, eq=False)
class ArrayColumns:
    """The K columns of an array, each with T steps for each of the S series that it is divided into."""

    array: Any  # DataArray
    values: NDArray[Any]  # its values, which are computed if they are lazy
    axes: tuple[int, ...]  # of the array: time, those that tell series apart, the others
    n_series: int  # S, 1 if it is one series
    names: tuple[str, ...]  # K

    @classmethod
    def of(cls, array: Any, name: object, time: str, by: Sequence[str]) -> Self:
        """The columns, named by the array and the labels of the other dimensions."""
        others = [dim for dim in array.dims if dim not in (time, *by)]
        axes = tuple(array.dims.index(dim) for dim in (time, *by, *others))
        n_series = math.prod(array.sizes[dim] for dim in by)
        return cls(array, array.values, axes, n_series, _names(array, name, others))

    @property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """The columns (S * T,), one series below the other."""
        ordered = self.values.transpose(self.axes)
        cells = ordered.reshape(len(ordered), self.n_series, len(self.names)).swapaxes(0, 1)
        return dict(zip(self.names, plain(cells).reshape(-1, len(self.names)).T, strict=True))

    def filled(self, frame: Any) -> Any:
        """The array with its filled cells, of the same type, in the same chunks."""
        return self._with(with_filled(self.values, self._cells(frame, self.names)))

    def bounds(self, frame: Any, suffix: str) -> Any:
        """An array like this one of the interval bounds with a suffix; None if there are none."""
        names = [f"{name}_{suffix}" for name in self.names]
        if not any(name in frame.columns for name in names):
            return None
        return self._with(self._cells(frame.reindex(columns=names), names))

    def _cells(self, frame: Any, names: Sequence[str]) -> NDArray[Any]:
        """The columns of a frame in the shape of the array."""
        cells = np.column_stack([frame[name].to_numpy() for name in names])
        ordered = cells.reshape(self.n_series, -1, len(names)).swapaxes(0, 1)
        shape = [self.values.shape[axis] for axis in self.axes]
        return ordered.reshape(shape).transpose(np.argsort(self.axes))

    def _with(self, values: NDArray[Any]) -> Any:
        new = self.array.copy(data=values)
        return new if self.array.chunks is None else new.chunk(self.array.chunksizes)


def labels(array: Any, dim: str) -> list[str]:
    """The labels along a dimension; numbers of positions where it has none, or where they repeat."""
    if dim not in array.indexes:
        return [str(position) for position in range(array.sizes[dim])]
    texts = ["_".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in array.indexes[dim]]
    return texts if len(set(texts)) == len(texts) else [str(position) for position in range(len(texts))]


def _names(array: Any, name: object, dims: Sequence[str]) -> tuple[str, ...]:
    first = [] if name is None and dims else [UNNAMED if name is None else str(name)]
    return tuple("_".join([*first, *place]) for place in product(*(labels(array, dim) for dim in dims)))
