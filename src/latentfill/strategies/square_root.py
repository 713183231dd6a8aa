"""Square roots of skewed columns, and back: the mean of the square of a Gaussian."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from torch import Tensor

LEAST_SKEWNESS = 1.0  # of columns that may be worked on as square roots
LEAST_SPREAD = 1e-9  # scaled units

Numbers = TypeVar("Numbers", FloatArray, "Tensor")


class SquareRoots(NamedTuple):
    """Which columns are worked on as square roots of their distance from the smallest reading."""

    root: BoolArray  # (C,)
    lowest: FloatArray  # (C,) smallest observed value

    @classmethod
    def of(cls, root: BoolArray, values: FloatArray) -> SquareRoots:
        """Square roots of some columns of a series (T, C), NaN where missing."""
        return cls(root, np.nan_to_num(np.fmin.reduce(values, axis=0)))

    @classmethod
    def none(cls, n_columns: int) -> SquareRoots:
        """Columns that are worked on as they are."""
        return cls(np.zeros(n_columns, dtype=bool), np.zeros(n_columns))

    def apply(self, values: FloatArray) -> FloatArray:
        """Values (..., C), and square roots in the columns that have them."""
        if not self.root.any():
            return values
        return np.where(self.root, np.sqrt(np.maximum(values - self.lowest, 0.0)), values)

    def invert(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (..., C) of cells whose mean and variance as square roots are given."""
        if not self.root.any():
            return mean, np.sqrt(variance)
        squared, spread = mean_of_square(mean, variance)
        return np.where(self.root, squared + self.lowest, mean), np.where(self.root, spread, np.sqrt(variance))

    def take(self, columns: IntArray) -> SquareRoots:
        """The square roots of some of the columns."""
        return SquareRoots(self.root[columns], self.lowest[columns])


def mean_of_square(mean: Numbers, variance: Numbers) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of the square of a Gaussian; a negative mean counts as 0."""
    positive = (mean + abs(mean)) / 2
    spread = (4 * positive**2 * variance + 2 * variance**2) ** 0.5
    return positive**2 + variance, spread


def skewed_columns(values: FloatArray) -> BoolArray:
    """Columns (C,) of a series (T, C) whose observed values are clearly skewed to the right."""
    count = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    centred = values - np.nansum(values, axis=0) / count
    variance = np.nansum(centred**2, axis=0) / count
    skewness = np.nansum(centred**3, axis=0) / count / np.maximum(variance, LEAST_SPREAD) ** 1.5
    return np.asarray(skewness > LEAST_SKEWNESS)
