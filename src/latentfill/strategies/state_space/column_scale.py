"""The scale in which the columns are smoothed: around their mean cycle, skewed columns as square roots."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.strategies.harmonics import fit_harmonics, harmonics

LEAST_SKEWNESS = 1.0  # of columns that may be smoothed as square roots
LEAST_SPREAD = 1e-9  # scaled units
PRIOR_CELLS = 3.0  # prior cells with variance 1: the spread of two or three readings says little


class ColumnScale(NamedTuple):
    """A scale in which each column has mean 0 and variance 1 around its mean cycle."""

    root: BoolArray  # (C,) whether a column is smoothed as the square root of its distance from `lowest`
    lowest: FloatArray  # (C,) smallest observed value
    mean: FloatArray  # (C,)
    wave: FloatArray  # (H, C) what each harmonic of the shortest cycle adds to the mean
    spread: FloatArray  # (C,) standard deviation around the cycle

    @classmethod
    def fit(cls, values: FloatArray, clock: FloatArray, root: BoolArray) -> ColumnScale:
        """Fit to a series (T, C), NaN where missing."""
        lowest = np.nan_to_num(np.fmin.reduce(values, axis=0))
        transformed = _roots(values, root, lowest)
        waves = harmonics(clock)
        wave = fit_harmonics(transformed, waves)
        around = transformed - waves @ wave
        count = np.maximum((~np.isnan(around)).sum(axis=0), 1)
        mean = np.nansum(around, axis=0) / count
        squares = np.nansum((around - mean) ** 2, axis=0)
        spread = np.sqrt((squares + PRIOR_CELLS) / (count + PRIOR_CELLS))
        return cls(root, lowest, mean, wave, np.where(squares > count * LEAST_SPREAD**2, spread, 1.0))

    def apply(self, values: FloatArray, clock: FloatArray) -> FloatArray:
        """Values (..., C) in this scale."""
        return np.asarray((_roots(values, self.root, self.lowest) - self._centre(clock)) / self.spread)

    def invert(self, mean: FloatArray, variance: FloatArray, clock: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (..., C) of cells whose mean and variance in this scale are given.

        The mean of the square of a Gaussian is the square of its mean plus its variance.
        """
        centre, variance = mean * self.spread + self._centre(clock), variance * self.spread**2
        if not self.root.any():
            return centre, np.sqrt(variance)
        positive = np.where(self.root, np.maximum(centre, 0.0), 0.0)
        squared = positive**2 + variance + self.lowest
        spread_of_square = np.sqrt(4 * positive**2 * variance + 2 * variance**2)
        return np.where(self.root, squared, centre), np.where(self.root, spread_of_square, np.sqrt(variance))

    def take(self, columns: IntArray) -> ColumnScale:
        """The scale of the given columns."""
        parts = {name: part[..., columns] for name, part in self._asdict().items()}
        return ColumnScale(**parts)

    def _centre(self, clock: FloatArray) -> FloatArray:
        return np.asarray(self.mean + harmonics(clock) @ self.wave)


def skewed_columns(values: FloatArray) -> BoolArray:
    """Columns (C,) of a series (T, C) whose observed values are clearly skewed to the right."""
    count = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    centred = values - np.nansum(values, axis=0) / count
    variance = np.nansum(centred**2, axis=0) / count
    skewness = np.nansum(centred**3, axis=0) / count / np.maximum(variance, LEAST_SPREAD) ** 1.5
    return np.asarray(skewness > LEAST_SKEWNESS)


def _roots(values: FloatArray, root: BoolArray, lowest: FloatArray) -> FloatArray:
    if not root.any():
        return values
    return np.where(root, np.sqrt(np.maximum(values - lowest, 0.0)), values)
