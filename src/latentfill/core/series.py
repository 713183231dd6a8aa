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
    """T steps of C columns in time order."""

    values: FloatArray  # (T, C) in the units of the table, NaN where nothing was read
    columns: tuple[str, ...]  # C names
    time: TimeArray | None  # (T,) datetime64[ns]; None when the table has no stamps
    rows: IntArray  # (T,) row of the table that each step came from, -1 where a regular grid added the step
    step: np.timedelta64 | None = None  # spacing of a regular time axis

    @property
    def observed(self) -> BoolArray:
        """True where a value was read, shape (T, C)."""
        return ~np.isnan(self.values)

    @property
    def n_steps(self) -> int:
        return len(self.values)

    @property
    def step_of_row(self) -> IntArray:
        """The step that each row of the table became, shape (rows,)."""
        is_row = self.rows >= 0
        steps = np.empty(int(is_row.sum()), dtype=np.int64)
        steps[self.rows[is_row]] = np.flatnonzero(is_row)
        return steps
