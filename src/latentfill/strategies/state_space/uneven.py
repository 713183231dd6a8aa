"""Readings at uneven times, as rows of a regular grid that is missing in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, IntArray

MOST_ROWS_PER_READING = 20
FINER = 4  # rows in the median spacing, where no common divisor of all spacings is coarse enough


@dataclass(frozen=True, slots=True, eq=False)
class UnevenGrid:
    """A regular grid for M readings."""

    row: IntArray  # (M,) row of each reading
    n_rows: int
    step: float  # time from row to row

    @classmethod
    def of(cls, times: FloatArray | IntArray) -> Self:
        """The coarsest grid on which all `times` (M,) lie, or a fine one if that has too many rows.

        Times are whole numbers, such as nanoseconds, in ascending order; equal times share a row. The fine grid has
        `FINER` rows in the median spacing, so that a reading is moved by at most an eighth of it, but never more than
        `MOST_ROWS_PER_READING` rows per reading. Raises an `InputError` for times that are not in order.
        """
        spacing = np.diff(times)
        if (spacing < 0).any():
            at = int(np.argmax(spacing < 0))
            raise InputError(
                f"times must be in ascending order, but {times[at + 1]} follows {times[at]}. Sort the rows by time."
            )
        if not spacing.any():
            return cls(np.zeros(len(times), dtype=np.int64), 1, 1.0)
        whole = int(times[-1] - times[0])
        step = float(np.gcd.reduce(spacing.astype(np.int64)))
        if whole / step > MOST_ROWS_PER_READING * len(times):
            fine = float(np.median(spacing[spacing > 0])) / FINER
            step = max(fine, whole / (MOST_ROWS_PER_READING * len(times)))
        row = np.round((times - times[0]) / step).astype(np.int64)
        return cls(row, int(row[-1]) + 1, step)

    def put(self, values: FloatArray) -> FloatArray:
        """The grid's rows (T, C) for readings (M, C): the mean of the readings in a row, NaN where there is none."""
        observed = ~np.isnan(values)
        total, count = np.zeros((2, self.n_rows, values.shape[1]))
        np.add.at(total, self.row, np.where(observed, values, 0.0))
        np.add.at(count, self.row, observed.astype(float))
        mean: FloatArray = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
        return mean

    def take(self, rows: FloatArray) -> FloatArray:
        """The values (..., M, C) at the readings, from the grid's rows (..., T, C)."""
        return np.asarray(np.take(rows, self.row, axis=-2))
