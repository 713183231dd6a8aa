"""Numbers: continuous ones, and those that are never negative, whole, or inside a range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.kinds.kind import CellErrors, CellValues, Kind, Readings

ENOUGH_READINGS = 30  # from which the end of the observed range is known well enough
END_READINGS = 10  # fewest readings at the end of a range, see `Number.of`
END_SHARE = 0.01  # of all readings, likewise


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A real number, perhaps whole or with limits; it is worked on as it is.

    No estimate, bound or sample goes further beyond the observed range than the outermost readings lie apart: where
    readings pile up at an end of the range, nothing lies beyond it.
    """

    is_plain: ClassVar[bool] = True

    label: str = "continuous"
    low: float | None = None  # smallest reading; None without any
    high: float | None = None  # largest reading
    below: float | None = None  # distance that a value may lie below the smallest reading; None: any
    above: float | None = None
    lowest: float | None = None  # smallest possible value; None: unknown
    highest: float | None = None
    whole: bool = False
    among: tuple[float, ...] = ()  # the only values that are possible, ascending; empty: any

    @classmethod
    def of(
        cls,
        values: FloatArray,
        label: str = "continuous",
        *,
        lowest: float | None = None,
        highest: float | None = None,
        whole: bool = False,
    ) -> Number:
        """The kind of a column (T,), NaN where missing.

        The outermost readings are a share of `END_SHARE`, at least `END_READINGS`.
        """
        known = np.sort(values[~np.isnan(values)])
        if not known.size:
            return cls(label, lowest=lowest, highest=highest, whole=whole)
        low, high, below, above = float(known[0]), float(known[-1]), None, None
        if known.size >= ENOUGH_READINGS:
            n = max(END_READINGS, math.ceil(END_SHARE * known.size)) - 1
            below, above = float(known[n] - known[0]), float(known[-1] - known[-1 - n])
        return cls(label, low, high, below, above, lowest, highest, whole)

    @property
    def name(self) -> str:
        if self.label != "range":
            return self.label
        ends = ("" if end is None else f"{end:g}" for end in (self.lowest, self.highest))
        return f"range:{':'.join(ends)}"

    def encode(self, values: FloatArray) -> FloatArray:
        return values[:, None]

    def errors(self, truth: FloatArray, estimate: FloatArray) -> FloatArray:
        return truth[:, 0] - estimate[:, 0]

    def fill(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        value = self._rounded(self.limit(self._limited(working[readings.step, 0], readings), readings))
        lower, upper = (self.limit(value + end, readings) for end in (errors.below, errors.above))
        if self.among:
            lower, upper = self._rounded(lower), self._rounded(upper)
        elif self.whole:
            lower, upper = np.floor(lower), np.ceil(upper)
        return CellValues(
            value=value,
            expected=errors.expected,
            lower=np.fmin(lower, value),
            upper=np.fmax(upper, value),
            samples=self._rounded(self.limit(value + errors.drawn, readings)),
        )

    def limit(self, values: FloatArray, readings: Readings) -> FloatArray:
        return np.clip(values, *self._possible(readings))

    def as_number(self, values: FloatArray) -> Number:
        return self

    def _rounded(self, values: FloatArray) -> FloatArray:
        """The nearest possible values."""
        if self.among:
            middles = (np.array(self.among[1:]) + np.array(self.among[:-1])) / 2
            return np.where(np.isnan(values), np.nan, np.array(self.among)[np.searchsorted(middles, values)])
        return np.round(values) + 0.0 if self.whole else values

    def _limited(self, estimate: FloatArray, readings: Readings) -> FloatArray:
        """Estimates (M,) inside the observed range, widened on both sides by the user's margin times its width."""
        low, high = self._observed_range(readings)
        margin = readings.limits.margin
        if margin is None or low is None or high is None:
            return estimate
        return np.clip(estimate, low - margin * (high - low), high + margin * (high - low))

    def _possible(self, readings: Readings) -> tuple[float, float]:
        """Lowest and highest possible value; zero limits a column whose readings all lie on one side of it."""
        low, high = self._observed_range(readings)
        lowest, highest = _or(self.lowest, -np.inf), _or(self.highest, np.inf)
        if low is not None and high is not None:
            lowest = max(min(lowest, low), low - _or(self.below, np.inf), 0.0 if low >= 0 else -np.inf)
            highest = min(max(highest, high), high + _or(self.above, np.inf), 0.0 if high <= 0 else np.inf)
        return max(lowest, readings.limits.minimum), min(highest, readings.limits.maximum)

    def _observed_range(self, readings: Readings) -> tuple[float | None, float | None]:
        """Smallest and largest reading, of those learnt from and those of the series to fill."""
        known = readings.values[~np.isnan(readings.values)]
        if not known.size:
            return self.low, self.high
        low, high = float(known.min()), float(known.max())
        return min(low, _or(self.low, low)), max(high, _or(self.high, high))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
