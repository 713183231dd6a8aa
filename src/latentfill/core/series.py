"""`Series`: the multivariate time series that all later stages work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
TimeArray = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """T steps of C columns in time order."""

    values: FloatArray  # (T, C) in the units of the table, NaN where missing
    columns: tuple[str, ...]  # C names
    time: TimeArray | None  # (T,) datetime64[ns]; None if the table has no time stamps
    rows: IntArray  # (T,) row of the table for each step, -1 for a step that the regular grid added
    step: np.timedelta64 | None = None  # spacing of a regular time axis, None if it is irregular or unknown
    position: FloatArray | None = None  # (T,) time of each step in usual spacings; None: steps are equally far apart
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of columns whose values number their labels

    @property
    def observed(self) -> BoolArray:
        """True where a value is observed, shape (T, C)."""
        return ~np.isnan(self.values)

    def part(self, steps: slice) -> Series:
        """The series in these steps."""
        time = None if self.time is None else self.time[steps]
        position = None if self.position is None else self.position[steps]
        return replace(self, values=self.values[steps], time=time, rows=self.rows[steps], position=position)

    @property
    def n_steps(self) -> int:
        """T."""
        return len(self.values)

    @property
    def step_of_row(self) -> IntArray:
        """Step of the series for each row of the table, shape (rows,)."""
        is_row = self.rows >= 0
        steps = np.empty(int(is_row.sum()), dtype=np.int64)
        steps[self.rows[is_row]] = np.flatnonzero(is_row)
        return steps
