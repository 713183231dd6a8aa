"""Scaling of each column, fitted on its observed cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.config_settings import Scaling
from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import FloatArray, IntArray

LIMIT = 1e300  # scaled values are clipped here, so that they and their differences stay finite


@dataclass(frozen=True, slots=True, eq=False)
class ColumnScaler:
    """Scales each column as (x - shift) / scale, and back; NaN stays NaN.

    A constant column has scale 1; a column without any observed cell has shift 0 and scale 1.
    """

    shift: FloatArray  # (C,), original units
    scale: FloatArray  # (C,), original units, never 0
    low: FloatArray  # (C,), smallest observed value, NaN if there is none
    high: FloatArray  # (C,), largest observed value, NaN if there is none

    @classmethod
    def fit(cls, values: FloatArray, method: Scaling = "standard") -> ColumnScaler:
        """A scaler for the columns of `values` (T, C), fitted on the observed cells.

        `standard` scales to mean 0 and population standard deviation 1, like scikit-learn's StandardScaler; `minmax`
        scales the observed range to [0, 1].
        """
        if method not in ("standard", "minmax"):
            raise InputError(f"scaling must be 'standard' or 'minmax', got {quoted(method)}")
        known = ~np.isnan(values)
        count = known.sum(axis=0)
        low = np.where(count, np.min(values, axis=0, initial=np.inf, where=known), np.nan)
        high = np.where(count, np.max(values, axis=0, initial=-np.inf, where=known), np.nan)
        if method == "minmax":
            shift, scale = low, high - low
        else:
            n = np.maximum(count, 1)
            # Moments are computed from shares of the range: a large offset costs no digits, and no square overflows.
            spread = np.where(high > low, high - low, 1.0)
            fractions = np.where(known, (values - low) / spread, 0.0)
            mean = fractions.sum(axis=0) / n
            shift = low + mean * spread
            scale = np.sqrt(np.where(known, (fractions - mean) ** 2, 0.0).sum(axis=0) / n) * spread
        usable = np.isfinite(scale) & (scale > 1e-12 * np.maximum(np.abs(high), np.abs(low)))
        return cls(shift=np.where(count > 0, shift, 0.0), scale=np.where(usable, scale, 1.0), low=low, high=high)

    def where_flat(self, other: ColumnScaler) -> ColumnScaler:
        """A scaler like this one, but with the scaling of `other` in columns that are constant or empty in this one."""
        flat = ~(self.high > self.low)
        return ColumnScaler(
            **{name: np.where(flat, getattr(other, name), getattr(self, name)) for name in ("shift", "scale")},
            low=np.fmin(self.low, other.low),
            high=np.fmax(self.high, other.high),
        )

    def apply(self, values: FloatArray) -> FloatArray:
        """Scaled copy of `values` (..., C)."""
        with np.errstate(over="ignore"):  # values far outside the fitted range
            return np.clip((values - self.shift) / self.scale, -LIMIT, LIMIT)

    def invert(self, scaled: FloatArray) -> FloatArray:
        """Copy of `scaled` (..., C) in original units."""
        with np.errstate(over="ignore"):
            return scaled * self.scale + self.shift

    def invert_at(self, scaled: FloatArray, column: IntArray) -> FloatArray:
        """Copy of the values `scaled` (M,) of M cells in these columns (M,), in original units."""
        with np.errstate(over="ignore"):
            return scaled * self.scale[column] + self.shift[column]

    def to_dict(self) -> dict[str, list[float | None]]:
        """Plain lists for JSON; floats survive the round trip exactly."""
        return {name: numbers_to_list(getattr(self, name)) for name in ("shift", "scale", "low", "high")}

    @classmethod
    def from_dict(cls, state: Mapping[str, list[float | None]]) -> ColumnScaler:
        """The scaler that `to_dict` described."""
        return cls(**{name: list_to_numbers(state[name]) for name in state})


def numbers_to_list(numbers: FloatArray) -> list[float | None]:
    """Numbers for JSON, None for NaN; floats survive the round trip exactly."""
    return [None if np.isnan(number) else float(number) for number in numbers]


def list_to_numbers(numbers: Sequence[float | None]) -> FloatArray:
    """The inverse of `numbers_to_list`."""
    return np.array([np.nan if number is None else number for number in numbers], dtype=float)
