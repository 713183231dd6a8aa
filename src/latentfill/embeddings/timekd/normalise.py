"""Normalises windows for a student: removes mean and standard deviation, and interpolates gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.windows.gaps import interpolate

LARGEST_VALUE = 1e6  # scaled units; larger values are clipped, so that squares stay within single precision
FLATTEST_WINDOW = 0.01  # scaled units; smaller standard deviations count as this one


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedWindows:
    """B windows minus the mean of their observed cells, divided by the observed cells' standard deviation."""

    tokens: FloatArray  # (B, C, L), gaps interpolated; 0 where a column has no observed cell
    level: FloatArray  # (B, C) means, scaled units; 0 where a column has no observed cell
    spread: FloatArray  # (B, C) standard deviations, scaled units, at least `FLATTEST_WINDOW`


def normalise(values: FloatArray) -> NormalisedWindows:
    """Normalise each column of windows (B, L, C) in scaled units, NaN where missing, by its observed cells."""
    values = np.clip(values, -LARGEST_VALUE, LARGEST_VALUE)
    observed = ~np.isnan(values)
    count = np.maximum(observed.sum(axis=1, keepdims=True), 1)
    level = np.where(observed, values, 0.0).sum(axis=1, keepdims=True) / count
    centred = np.where(observed, values - level, 0.0)
    spread = np.maximum(np.sqrt((centred**2).sum(axis=1, keepdims=True) / count), FLATTEST_WINDOW)
    shape = np.nan_to_num((interpolate(values) - level) / spread)
    return NormalisedWindows(shape.transpose(0, 2, 1), level[:, 0], spread[:, 0])
