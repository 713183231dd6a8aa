"""The estimates that boosting corrects, and what they leave unexplained."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """Linear estimates of a whole series of L steps and C columns, or of N windows (N, L, C), in scaled units."""

    values: FloatArray  # (..., L, C) what is visible, NaN where missing
    estimate: FloatArray  # (..., L, C) the base: an estimate of every cell
    spread: FloatArray  # (..., L, C) standard deviation of the base's error at missing cells
    residual: FloatArray  # (..., L, C) observed value minus its leave-one-out estimate, 0 where missing
    residual_spread: FloatArray  # (..., L, C) standard deviation of the residual at observed cells
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
            return array.reshape(-1, *array.shape[-2:])

        arrays = ("values", "estimate", "spread", "residual", "residual_spread", "clock")
        parts = {name: windowed(getattr(self, name)) for name in arrays}
        return replace(self, others=tuple(windowed(other) for other in self.others), **parts)
