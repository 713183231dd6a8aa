"""What is known of each cell from earlier steps alone: estimates, the distance to the last reading, and features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import SMALLEST
from latentfill.windows.gaps import bucket_of, distances

REACH = 48  # steps before a cell over which the changes of its column are averaged


@dataclass(frozen=True, slots=True, eq=False)
class PastEstimates:
    """Estimates of K strategies for a series (T, C) in scaled units, each from readings up to its step."""

    names: tuple[str, ...]  # K
    values: FloatArray  # (K, T, C), NaN where a strategy has none
    spread: FloatArray  # (T, C) standard deviation of the error of one of them; NaN without any


def last_reading(values: FloatArray) -> FloatArray:
    """The last reading (..., T, C) at or before each step; NaN before the first."""
    step = np.arange(values.shape[-2])[:, None]
    source = np.maximum.accumulate(np.where(np.isnan(values), -1, step), axis=-2)
    return np.where(source < 0, np.nan, np.take_along_axis(values, np.maximum(source, 0), axis=-2))


def cycle_ago(values: FloatArray, cycle: int) -> FloatArray:
    """The last reading (..., T, C) in the same phase of an earlier cycle; NaN before the first."""
    *series, length, columns = values.shape
    padding = np.full((*series, -length % cycle, columns), np.nan)
    by_cycle = np.concatenate([values, padding], axis=-2).reshape(*series, -1, cycle * columns)
    ago = np.full(by_cycle.shape, np.nan)
    ago[..., 1:, :] = last_reading(by_cycle)[..., :-1, :]
    return ago.reshape(*series, -1, columns)[..., :length, :]


def past_cells(mask: BoolArray, values: FloatArray) -> Cells:
    """The missing cells (T, C) of a mask; the kind of a gap is the bucket of its length so far."""
    step, column = np.nonzero(mask)
    back, _ = distances(~np.isnan(values))
    length = back[step, column]
    return Cells(
        shape=(values.shape[0], values.shape[1]),
        step=step,
        column=column,
        kind=bucket_of(np.maximum(length, 1)),
        gap=step - length + 1,
        hiding_round=np.zeros(len(step), dtype=np.int64),
    )


def past_features(cells: Cells, values: FloatArray, estimates: PastEstimates) -> FloatArray:
    """Features (M, 5) that predict the size of errors, from earlier steps alone.

    Logarithms of the spread of the filtered estimate, the range of the estimates, the steps since the last reading and
    the mean change of the column before the cell, and whether the spread is unknown.
    """
    at = (cells.step, cells.column)
    spread, of_cells = estimates.spread[at], estimates.values[:, *at]
    known = ~np.isnan(of_cells)
    top = np.where(known, of_cells, -np.inf).max(axis=0)
    low = np.where(known, of_cells, np.inf).min(axis=0)
    between = np.where(known.any(axis=0), top - low, 0.0)
    features = [
        np.log(np.where(np.isnan(spread), 1.0, np.maximum(spread, SMALLEST))),
        np.log(SMALLEST + between),
        np.log(np.maximum(cells.step - cells.gap + 1, 1)),
        np.log(SMALLEST + _movement(values)[at]),
        np.isnan(spread).astype(float),
    ]
    return np.stack(features, axis=1)


def _movement(values: FloatArray) -> FloatArray:
    """Mean absolute change (T, C) from step to step over the `REACH` steps before each; 1 without any."""
    last = last_reading(values)
    change = np.abs(np.diff(last, axis=0, prepend=last[:1]))
    known = ~np.isnan(change)
    total, count = (np.cumsum(part, axis=0) for part in (np.where(known, change, 0.0), known.astype(float)))
    first = np.maximum(np.arange(len(values)) - REACH, 0)
    sums, counts = (part - part[first] for part in (total, count))
    return np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
