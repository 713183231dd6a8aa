"""Errors on held-out cells, with features that predict the size of an error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.validation.cells import Cells
from latentfill.strategies.candidates import Estimates
from latentfill.windows.gaps import NearestObserved, nearest_observed
from latentfill.windows.windows import by_part

SMALLEST = 1e-3  # scaled units; added to sizes before their logarithm is taken
DISTANCE = 2  # position of the logarithm of the distance to the nearest reading among the features
MOVEMENT_REACH = 48  # steps on both sides of a cell over which the changes of its column are averaged
MOST_LEVEL = 5.0  # scaled units; mean estimates are clipped to plus and minus this


@dataclass(frozen=True, slots=True, eq=False)
class ErrorSample:
    """Errors of one estimate on M held-out cells, scaled units."""

    cells: Cells
    error: FloatArray  # (M,) truth - estimate
    features: FloatArray  # (M, F), see `features_at`

    @classmethod
    def joined(cls, parts: Iterable[ErrorSample]) -> ErrorSample:
        """The errors of one or more parts; see `Cells.joined`."""
        samples = list(parts)
        return cls(
            cells=Cells.joined(part.cells for part in samples),
            error=np.concatenate([part.error for part in samples]),
            features=np.concatenate([part.features for part in samples]),
        )

    def __len__(self) -> int:
        return len(self.error)

    def where(self, chosen: BoolArray) -> ErrorSample:
        """The errors on the cells for which `chosen` (M,) is True."""
        return ErrorSample(self.cells.where(chosen), self.error[chosen], self.features[chosen])


def features_at(cells: Cells, values: FloatArray, estimates: Estimates) -> FloatArray:
    """Features (M, F) that predict the size of errors, for missing `cells` of a scaled series with `values` (T, C).

    In this order: the standard deviation from kriging, and whether it is missing; the distance to the nearest observed
    cell; the length of the gap; the range of the candidates' estimates; the difference between the values on both sides
    of the gap; the mean absolute change of the column around the cell; the mean estimate and its square. All but the
    second and the last two are logarithms.
    """
    at = (cells.step, cells.column)
    spread, level = _range_and_mean(estimates.values[:, *at])
    kriging_spread = estimates.spread[at]
    distance, length, step_across, movement = _surroundings(cells, values)
    features = [
        np.log(np.where(np.isnan(kriging_spread), 1.0, np.maximum(kriging_spread, SMALLEST))),
        np.isnan(kriging_spread).astype(float),
        np.log(distance),
        np.log(length),
        np.log(SMALLEST + spread),
        np.log(SMALLEST + step_across),
        np.log(SMALLEST + movement),
        level,
        level**2,
    ]
    return np.stack(features, axis=1)


def _surroundings(cells: Cells, values: FloatArray) -> FloatArray:
    """Four numbers (4, M) about the gap of each cell of a series with `values` (T, C).

    The distance to the nearest observed cell, the length of the gap, the absolute difference between the values on both
    sides (0 at either end of the series), and the mean absolute change of the column around the cell.
    """
    found = np.empty((4, len(cells)))
    for columns, chosen in cells.by_block():
        block, at = by_part(values[:, columns], cells.parts), (cells.step[chosen], cells.column[chosen] - columns.start)
        sides = nearest_observed(block)
        movement, sides = _movement(block, sides).reshape(len(values), -1), sides.flat
        back, ahead = sides.back[at], sides.ahead[at]
        across = np.nan_to_num(np.abs(sides.after - sides.before)[at])
        found[:, chosen] = np.minimum(back, ahead), back + ahead - 1, across, movement[at]
    return found


def _range_and_mean(estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Range (M,) of the estimates (K, M) and their mean (M,), both without NaN."""
    known = ~np.isnan(estimates)
    highest, lowest = (np.where(known, estimates, fill) for fill in (-np.inf, np.inf))
    spread = np.where(known.any(axis=0), highest.max(axis=0) - lowest.min(axis=0), 0.0)
    mean = np.where(known, estimates, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return spread, np.clip(mean, -MOST_LEVEL, MOST_LEVEL)


def _movement(values: FloatArray, sides: NearestObserved) -> FloatArray:
    """Mean absolute change per step between observed cells within `MOVEMENT_REACH` steps of each cell, (..., T, C)."""
    change = np.abs(values - sides.before) / np.maximum(sides.back, 1)
    known = ~np.isnan(change)
    total, count = _summed(np.where(known, change, 0.0)), _summed(known.astype(float))
    step = np.arange(values.shape[-2])
    first, stop = np.maximum(step - MOVEMENT_REACH, 0), np.minimum(step + MOVEMENT_REACH + 1, len(step))
    n = count[..., stop, :] - count[..., first, :]
    overall = total[..., -1:, :] / np.maximum(count[..., -1:, :], 1)
    return np.asarray(np.where(n > 0, (total[..., stop, :] - total[..., first, :]) / np.maximum(n, 1), overall))


def _summed(values: FloatArray) -> FloatArray:
    """Sums (..., T + 1, C) of the first 0 to T steps of `values` (..., T, C)."""
    total = np.zeros((*values.shape[:-2], values.shape[-2] + 1, values.shape[-1]))
    np.cumsum(values, axis=-2, out=total[..., 1:, :])
    return total
