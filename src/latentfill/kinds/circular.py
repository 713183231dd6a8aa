"""Directions, hours of a day and other values on a circle, worked on as sine and cosine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.kinds.kind import CellErrors, CellValues, Column, Kind, Readings, StepTimes
from latentfill.kinds.number import Number


@dataclass(frozen=True, slots=True)
class Circular(Kind):
    """A value on a circle of a `period`, written from `start` to `start + period`.

    Bounds are an arc: it goes from the lower bound upwards to the upper one, which may be the smaller number. The
    expected error is the shorter way around.
    """

    width: ClassVar[int] = 2

    period: float = 360.0
    start: float = 0.0
    whole: bool = False  # whether values are whole numbers

    @property
    def name(self) -> str:
        return f"circular:{self.period:g}"

    @property
    def ends(self) -> tuple[float, float]:
        return self.start, self.start + self.period - self.whole  # no value reaches the end itself

    def encode(self, values: FloatArray, times: StepTimes) -> FloatArray:
        return self._on_circle(values)

    def errors(self, truth: FloatArray, estimate: FloatArray, column: Column | None = None) -> FloatArray:
        return self.distance(*(self._decoded(part) for part in (truth, estimate)))

    def error_scale(self, scale: FloatArray) -> float:
        return self.period / (2 * np.pi)

    def fill(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        value = self._decoded(working[readings.step])
        half = self.period / 2
        below, above = np.maximum(errors.below, -half), np.minimum(errors.above, half)
        whole_circle = above - below >= self.period * (1 - 1e-9)
        lower, upper = self._in_range(value + np.fmin(below, 0)), self._in_range(value + np.fmax(above, 0))
        return CellValues(
            value=self._in_range(value),
            expected=np.minimum(errors.expected, self.period / 4),  # as far as chance is
            lower=np.where(whole_circle & ~np.isnan(value), self.start, lower),
            upper=np.where(whole_circle & ~np.isnan(value), self.start + self.period, upper),
            samples=self._in_range(value + errors.drawn),
        )

    def as_number(self, values: FloatArray) -> Number:
        return Number.of(values, "range", lowest=self.start, highest=self.start + self.period, whole=self.whole)

    def distance(self, values: FloatArray, others: FloatArray) -> FloatArray:
        return np.asarray((values - others + self.period / 2) % self.period - self.period / 2)

    def covers(self, lower: FloatArray, upper: FloatArray, values: FloatArray) -> FloatArray:
        reach = self.interval_width(lower, upper)
        return ((values - lower) % self.period <= reach + 1e-9 * self.period).astype(float)

    def interval_width(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        width = (upper - lower) % self.period
        return np.asarray(np.where((width == 0) & (upper > lower), self.period, width))

    def spread(self, values: FloatArray) -> float:
        """Root of the mean squared distance from the circular mean."""
        known = values[~np.isnan(values)]
        if not known.size:
            return 0.0
        mean = self._decoded(self._on_circle(known).mean(axis=0)[None])
        return float(np.sqrt(np.mean(self.distance(known, mean) ** 2)))

    def _on_circle(self, values: FloatArray) -> FloatArray:
        """Sines and cosines (T, 2) of values (T,)."""
        angle = (values - self.start) * (2 * np.pi / self.period)
        return np.stack([np.sin(angle), np.cos(angle)], axis=1)

    def _decoded(self, working: FloatArray) -> FloatArray:
        """Values (...) of sines and cosines (..., 2)."""
        angle = np.arctan2(working[..., 0], working[..., 1])
        return np.asarray(self.start + angle * (self.period / (2 * np.pi)))

    def _in_range(self, values: FloatArray) -> FloatArray:
        rounded = np.round(values) if self.whole else values
        turned = (rounded - self.start) % self.period
        return np.where(turned >= self.period, 0.0, turned) + self.start  # a tiny negative one may round up to it
