"""The scale in which the columns are smoothed: around their mean cycle, skewed columns as square roots."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.strategies.harmonics import fit_harmonics, harmonics
from latentfill.strategies.square_root import LEAST_SPREAD, SquareRoots

PRIOR_CELLS = 3.0  # prior cells with variance 1: the spread of two or three readings says little


class ColumnScale(NamedTuple):
    """A scale in which each column has mean 0 and variance 1 around its mean cycle."""

    roots: SquareRoots
    mean: FloatArray  # (C,)
    wave: FloatArray  # (H, C) what each harmonic of the shortest cycle adds to the mean
    spread: FloatArray  # (C,) standard deviation around the cycle

    @classmethod
    def fit(cls, values: FloatArray, clock: FloatArray, root: BoolArray) -> ColumnScale:
        """Fit to a series (T, C), NaN where missing."""
        roots = SquareRoots.of(root, values)
        transformed, waves = roots.apply(values), harmonics(clock)
        wave = fit_harmonics(transformed, waves)
        around = transformed - waves @ wave
        count = np.maximum((~np.isnan(around)).sum(axis=0), 1)
        mean = np.nansum(around, axis=0) / count
        squares = np.nansum((around - mean) ** 2, axis=0)
        spread = np.sqrt((squares + PRIOR_CELLS) / (count + PRIOR_CELLS))
        return cls(roots, mean, wave, np.where(squares > count * LEAST_SPREAD**2, spread, 1.0))

    def apply(self, values: FloatArray, clock: FloatArray) -> FloatArray:
        """Values (..., C) in this scale."""
        return np.asarray((self.roots.apply(values) - self._centre(clock)) / self.spread)

    def invert(self, mean: FloatArray, variance: FloatArray, clock: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (..., C) of cells whose mean and variance in this scale are given."""
        return self.roots.invert(mean * self.spread + self._centre(clock), variance * self.spread**2)

    def take(self, columns: IntArray) -> ColumnScale:
        """The scale of the given columns."""
        parts = (part[..., columns] for part in (self.mean, self.wave, self.spread))
        return ColumnScale(self.roots.take(columns), *parts)

    def _centre(self, clock: FloatArray) -> FloatArray:
        return np.asarray(self.mean + harmonics(clock) @ self.wave)
