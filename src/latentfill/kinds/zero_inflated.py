"""Amounts that are often exactly zero, such as rain, counts or sunshine."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.kinds.kind import CellErrors, CellValues, Readings
from latentfill.kinds.number import Number

CYCLES = 10  # before and after a step, whose same phase is looked at
FEWEST_ZEROS = 6  # readings of zero at the same phase
MOST_WRONG = 0.005  # share of the zeros by phase that may be wrong, with one more than were seen
FEWEST_HIDDEN = 30  # cells from which a share of zeros is learnt
MOST_BINS = 16
LEAST_CHANCE = 0.3  # of zero, among hidden cells with an estimate that becomes zero


@dataclass(frozen=True, slots=True)
class ZeroInflated(Number):
    """An amount, never negative, that is often zero.

    An estimate up to `threshold` becomes zero, so that as many filled cells are zero as hidden ones were; it stays if
    the bounds of its error are clear of zero. The chance of zero falls with the estimate; it decides how many samples,
    and whether the lower bound, are zero. At a phase of the cycle that has only zeros in the cycles around, as
    radiation at night has, a cell is zero for certain.
    """

    learns: ClassVar[bool] = True

    least: float = 0.0  # smallest reading above zero
    zeros: float = 0.0  # share of the readings that are zero
    threshold: float = 0.0  # largest estimate that becomes zero
    estimates: tuple[float, ...] = ()  # B mean estimates of hidden cells, ascending
    chances: tuple[float, ...] = ()  # (B,) share of zeros among them, falling
    by_phase: bool = False  # whether zeros by phase can be relied on

    @classmethod
    def found(cls, values: FloatArray, cycle: int | None, *, whole: bool) -> ZeroInflated:
        """The kind of a column (T,), NaN where missing, with a cycle of so many steps."""
        number = Number.of(values, "zero-inflated", lowest=0.0, whole=whole)
        positive = values[values > 0]
        of_number = {field.name: getattr(number, field.name) for field in fields(number)}
        return cls(
            **of_number,
            least=float(positive.min()) if positive.size else 0.0,
            zeros=float((values == 0).sum() / max(1, (~np.isnan(values)).sum())),
            by_phase=_is_reliable(values, cycle) if cycle else False,
        )

    def learnt(self, truth: FloatArray, estimate: FloatArray) -> Self:
        if len(truth) < FEWEST_HIDDEN:
            return self
        from sklearn.isotonic import isotonic_regression  # takes a while to import

        order = np.argsort(estimate[:, 0], kind="stable")
        sorted_estimate, is_zero = estimate[order, 0], truth[order, 0] < self.least / 2
        bins = np.array_split(np.arange(len(order)), min(MOST_BINS, len(order) // FEWEST_HIDDEN))
        shares = [float(is_zero[part].mean()) for part in bins]
        chances = isotonic_regression(shares, sample_weight=list(map(len, bins)), increasing=False)
        return replace(
            self,
            threshold=_threshold(sorted_estimate, is_zero),
            estimates=tuple(float(sorted_estimate[part].mean()) for part in bins),
            chances=tuple(chances.tolist()),
        )

    def fill(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        from scipy.special import ndtr

        filled = super(ZeroInflated, self).fill(working, errors, readings)
        certain = ~np.isnan(filled.value) & self._certain(readings)
        is_clear = bool(self.estimates) & (filled.value + errors.below >= max(self.least, self.threshold / 2))
        is_small = ~is_clear & (filled.value <= self.threshold) | (filled.value <= self.least / 2)
        value = np.where(certain | is_small, 0.0, filled.value)
        chance = np.where(is_clear, 0.0, self._chance(working[readings.step, 0]))
        may_be_zero = chance > (1 - errors.coverage) / 2
        return CellValues(
            value=value,
            expected=np.where(certain, 0.0, filled.expected),
            lower=np.where(certain | may_be_zero, 0.0, np.fmin(filled.lower, value)),
            upper=np.where(certain, 0.0, filled.upper),
            samples=np.where(certain | (ndtr(errors.scores) < chance), 0.0, np.maximum(filled.samples, self.least)),
        )

    def _chance(self, estimate: FloatArray) -> FloatArray:
        """The chance (M,) that a cell with this estimate is zero; that of a reading if too few were hidden to tell."""
        if not self.estimates:
            return np.full(len(estimate), self.zeros)
        return np.asarray(np.interp(estimate, self.estimates, self.chances))

    def _certain(self, readings: Readings) -> BoolArray:
        """Missing cells (M,) that are zero by their phase."""
        if not self.by_phase or not readings.cycle:
            return np.zeros(len(readings.step), dtype=bool)
        return zeros_by_phase(readings.values, readings.cycle)[readings.step]


def _threshold(estimate: FloatArray, is_zero: BoolArray) -> float:
    """Up to which of the ascending estimates (M,) as many cells count as zero as are, if enough of them are."""
    from sklearn.isotonic import isotonic_regression

    chance = isotonic_regression(is_zero.astype(float), increasing=False)
    count = min(int(is_zero.sum()), int((chance >= LEAST_CHANCE).sum()))
    return max(0.0, float(estimate[count - 1])) if count else 0.0


def zeros_by_phase(values: FloatArray, cycle: int) -> BoolArray:
    """Steps (T,) at whose phase, one step earlier and one later, all readings of the cycles around are zero."""
    zero, positive = values == 0, values > 0
    near = positive.copy()
    near[1:] |= positive[:-1]
    near[:-1] |= positive[1:]
    count, refuted = np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    for shift in (k * cycle for k in range(1, CYCLES + 1) if k * cycle < len(values)):
        count[shift:] += zero[:-shift]
        count[:-shift] += zero[shift:]
        refuted[shift:] |= near[:-shift]
        refuted[:-shift] |= near[shift:]
    return ~refuted & (count >= FEWEST_ZEROS)


def _is_reliable(values: FloatArray, cycle: int) -> bool:
    """Whether readings that would be zero by their phase are."""
    predicted = zeros_by_phase(values, cycle) & ~np.isnan(values)
    wrong = int((values[predicted] > 0).sum())
    return (wrong + 1) / (int(predicted.sum()) + 1) <= MOST_WRONG
