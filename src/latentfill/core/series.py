"""The record every later stage works on: one multivariate series on a time axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
TimeArray = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """T steps of C columns in time order.

    `values` is (T, C) float64 in original units, NaN where nothing was read. `time` is (T,) datetime64[ns], or None
    when the table has no stamps. `rows` is (T,): the row of the table each step came from, -1 where a regular grid
    added the step. `step` is the spacing of a regular time axis, None when there is none.
    """

    values: FloatArray
    columns: tuple[str, ...]
    time: TimeArray | None
    rows: IntArray
    step: np.timedelta64 | None = None

    @property
    def observed(self) -> BoolArray:
        """True where a value was read, shape (T, C)."""
        return ~np.isnan(self.values)

    @property
    def n_steps(self) -> int:
        return len(self.values)
