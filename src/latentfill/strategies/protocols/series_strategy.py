"""The interface of strategies that learn from a whole series and estimate it as a whole, without networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.windows.cycles import steps_per_cycle
from latentfill.windows.windows import ScaledSeries


@dataclass(frozen=True, slots=True, eq=False)
class SeriesData:
    """What a strategy is fitted to; only `truth` has the values of held-out cells."""

    series: ScaledSeries  # held-out cells are missing
    truth: FloatArray  # (T, C) values of the cells held out for tuning, NaN elsewhere
    seed: int
    alone: bool = False  # whether windows are filled by themselves, which may lie at other levels than the series

    @property
    def period(self) -> int | None:
        """Steps of the shortest cycle; None without a cycle."""
        return steps_per_cycle(self.series.clock)

    def middle(self, n_steps: int) -> SeriesData:
        """The `n_steps` in the middle of the series."""
        part = middle(self.series.n_steps, n_steps)
        position = None if self.series.position is None else self.series.position[part]
        values, clock = self.series.values[part], self.series.clock[part]
        series = replace(self.series, values=values, clock=clock, position=position)
        return replace(self, series=series, truth=self.truth[part])


def middle(length: int, n_steps: int) -> slice:
    """The `n_steps` in the middle of `length` steps; all of them if there are fewer."""
    first = max(0, (length - n_steps) // 2)
    return slice(first, first + n_steps)


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """An estimate of every cell of a series or of windows, all (..., L, C), in scaled units."""

    values: FloatArray
    spread: FloatArray  # standard deviation of the error; where observed, of the residual
    residual: FloatArray  # observed value minus its leave-one-out estimate; 0 where missing


class SeriesStrategy(Protocol):
    """A strategy that is fitted to a whole series; it also estimates windows, each from its own observed cells."""

    @classmethod
    def fit(cls, data: SeriesData) -> Self:
        """Learn from a series without its held-out cells."""
        ...

    def estimate(self, values: FloatArray, clock: FloatArray) -> Estimate:
        """Estimates for a series (T, C), or for windows (N, L, C), with clock features (..., P); NaN where missing."""
        ...

    def error_scores(
        self, values: FloatArray, clock: FloatArray, rng: np.random.Generator, count: int
    ) -> Iterator[FloatArray]:
        """Errors (T, C) of the missing cells of a series, drawn `count` times, in standard deviations of each cell."""
        ...

    def state(self) -> dict[str, FloatArray]:
        """Everything that was learnt, as arrays by name; a saved model stores them."""
        ...

    @classmethod
    def load(cls, state: Mapping[str, FloatArray]) -> Self:
        """The strategy that `state` was taken from."""
        ...
