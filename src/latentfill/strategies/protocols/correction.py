"""The interface of strategies that correct the estimates of another strategy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """Estimates of a whole series of L steps and C columns, or of N windows (N, L, C), in scaled units."""

    values: FloatArray  # (..., L, C) what is visible, NaN where missing
    estimate: FloatArray  # (..., L, C) the base: an estimate of every cell
    spread: FloatArray  # (..., L, C) standard deviation of the base's error; where observed, of the residual
    residual: FloatArray  # (..., L, C) observed value minus its leave-one-out estimate; 0 where missing
    others: tuple[FloatArray, ...]  # further estimates, each (..., L, C), NaN where there is none
    clock: FloatArray  # (..., L, P) clock features

    @property
    def observed(self) -> BoolArray:
        """True where a value is visible, (..., L, C)."""
        return ~np.isnan(self.values)

    @property
    def correctable(self) -> BoolArray:
        """Missing cells with an estimate and a spread, (..., L, C)."""
        known: BoolArray = np.isfinite(self.estimate) & np.isfinite(self.spread)
        return known & ~self.observed

    def as_windows(self) -> FirstStage:
        """The same with arrays (N, L, C); a whole series becomes one window."""

        def windowed(array: FloatArray) -> FloatArray:
            return array.reshape(math.prod(array.shape[:-2]), *array.shape[-2:])

        arrays = ("values", "estimate", "spread", "residual", "clock")
        parts = {name: windowed(getattr(self, name)) for name in arrays}
        return replace(self, others=tuple(windowed(other) for other in self.others), **parts)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """N windows in which cells are hidden, to learn a correction from."""

    first: FirstStage  # of the windows (N, L, C); the hidden cells are missing
    truth: FloatArray  # (N, L, C) values of the hidden cells, NaN elsewhere
    time: FloatArray  # (N,) position of each window in the series, from 0 to 1
    reserved: BoolArray  # (N,) windows that tell how far the correction is right; it is learnt from the others


class Correction(Protocol):
    """A strategy that corrects the estimates of another one."""

    @classmethod
    def fit(cls, examples: Sequence[Example], seed: int) -> Self:
        """Learn from windows in which cells are hidden; without any, it corrects nothing."""
        ...

    @property
    def corrects(self) -> bool:
        """Whether it changes any estimate; a correction that did not help on the reserved windows does not."""
        ...

    def estimate(self, first: FirstStage) -> FloatArray:
        """The base with its missing cells corrected, shaped like `first.estimate`."""
        ...

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that was learnt, as arrays by name; a saved model stores them."""
        ...

    @classmethod
    def load(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """The strategy that `state` was taken from."""
        ...
