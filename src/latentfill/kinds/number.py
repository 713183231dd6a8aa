"""Numbers: continuous ones, and those that are never negative, whole, or inside a range."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.kinds.kind import CellErrors, CellValues, Column, Kind, Readings, StepTimes

ENOUGH_READINGS = 30  # from which the end of the observed range is known well enough
END_READINGS = 10  # fewest readings at the end of a range, see `Number.of`
END_SHARE = 0.01  # of all readings, likewise
DIGITS = 13
LEAST_EXPONENT = 290  # below 1e-290, a power of ten that would round to `DIGITS` overflows
ROUNDING = 1e-9  # share of a value that a straight line may be off by rounding
MOST_OFF_LINE = 1e-3  # share of the variance of a column on a straight line that the line leaves


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A real number, perhaps whole or with limits; it is worked on as it is, or as its distance from a straight line.

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
    slope: float = 0.0  # a second, of the straight line that the column follows; 0: it follows none
    origin: float = 0.0  # seconds since 1970 at which the line is 0
    instead_of: str = ""  # name of the kind that the column has, but that a method cannot work on

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

    @property
    def is_identity(self) -> bool:
        return not self.slope

    @property
    def ends(self) -> tuple[float, float] | None:
        return (self.among[0], self.among[-1]) if self.among else None

    def encode(self, values: FloatArray, times: StepTimes) -> FloatArray:
        if not self.slope:
            return values[:, None]
        left = values - self._line(times)
        return np.where(np.abs(left) <= ROUNDING * np.abs(values), 0.0, left)[:, None]

    def errors(self, truth: FloatArray, estimate: FloatArray, column: Column | None = None) -> FloatArray:
        return truth[:, 0] - estimate[:, 0]

    def fill(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        estimate = self._limited(working[readings.step, 0], readings)
        if self.slope:
            estimate = _without_rounding(estimate + self._line(readings.times)[readings.step])
        value = self._rounded(self.limit(estimate, readings))
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
        return replace(self, slope=0.0)

    def on_line(self, values: FloatArray, times: StepTimes) -> Number:
        """The same kind on the straight line of a column (T,), NaN where missing, if nearly all of it is that line."""
        known = ~np.isnan(values)
        seconds, readings = times.seconds[known], values[known]
        unit = _power_of_two(readings)
        readings = readings / unit
        if len(readings) < ENOUGH_READINGS or not readings.std() > 0 or not seconds.var() > 0:
            return self  # seconds too, as of nanoseconds a number has only the first sixteen digits
        slope = float(np.cov(seconds, readings, bias=True)[0, 1] / seconds.var())
        origin = float(seconds.mean() - readings.mean() / slope) if slope else 0.0
        left = readings - slope * (seconds - origin)
        if left.var() > MOST_OFF_LINE * readings.var():
            return self
        return replace(self, slope=slope * unit, origin=origin, below=None, above=None)

    def _line(self, times: StepTimes) -> FloatArray:
        """The line (T,) that the column follows."""
        return self.slope * (times.seconds - self.origin)

    def _rounded(self, values: FloatArray) -> FloatArray:
        """The nearest possible values."""
        if self.among:
            middles = (np.array(self.among[1:]) + np.array(self.among[:-1])) / 2
            return np.where(np.isnan(values), np.nan, np.array(self.among)[np.searchsorted(middles, values)])
        return np.round(values) + 0.0 if self.whole else values

    def _limited(self, estimate: FloatArray, readings: Readings) -> FloatArray:
        """Working estimates (M,) inside the observed range, widened on both sides by the margin times its width."""
        low, high = self._observed_range(readings)
        if self.slope:
            low, high = _range(self.encode(readings.values, readings.times))
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
        minimum, maximum = readings.limits.minimum, readings.limits.maximum
        if self.whole:
            minimum, maximum = float(np.ceil(minimum)), float(np.floor(maximum))
        return max(lowest, minimum), min(highest, maximum)

    def _observed_range(self, readings: Readings) -> tuple[float | None, float | None]:
        """Smallest and largest reading, of those learnt from and those of the series to fill."""
        low, high = _range(readings.values)
        if low is None or high is None:
            return self.low, self.high
        return min(low, _or(self.low, low)), max(high, _or(self.high, high))


def _range(values: FloatArray) -> tuple[float | None, float | None]:
    """Smallest and largest value; None if all are NaN."""
    known = values[~np.isnan(values)]
    return (float(known.min()), float(known.max())) if known.size else (None, None)


def _power_of_two(values: FloatArray) -> float:
    """A unit near the largest absolute value, by which numbers are divided exactly: their squares stay in range."""
    largest = np.abs(values).max(initial=0.0)
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest > 0 else 1.0


def _without_rounding(values: FloatArray) -> FloatArray:
    """Values to `DIGITS` significant digits of the largest, as a line through them is not exact beyond."""
    largest = np.nanmax(np.abs(values), initial=0.0)
    if not largest > 10.0**-LEAST_EXPONENT:
        return values
    return np.round(values, DIGITS - math.ceil(math.log10(largest)))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
