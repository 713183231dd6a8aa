"""Flags, codes and labels: values of which only those that occur are possible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.kinds.kind import CellErrors, CellValues, Column, Kind, Readings, StepTimes
from latentfill.kinds.number import Number

MOST_COLUMNS = 12  # working columns; the rarer classes have none
SHARPNESS = np.geomspace(0.25, 4.0, 17)  # powers of the probabilities that are tried
FEWEST_HIDDEN = 30  # cells from which a power is learnt
LEAST_PROBABILITY = 1e-3


@dataclass(frozen=True, slots=True)
class Classes(Kind):
    """One of the values that occur.

    There is a working column for each class, 1 in its cells and 0 in all others (for two classes, one column is
    enough), so that an estimate is a probability. Probabilities are sharpened or softened by a power that is learnt
    from hidden cells. A cell gets the most probable class; its expected error is the probability that it is wrong, and
    its bounds are those of the most probable classes that reach the coverage together. No cell is surer than n readings
    can tell: that one after them differs from all has the probability 1 / (n + 2) (Laplace's rule of succession).
    """

    has_errors: ClassVar[bool] = False
    learns: ClassVar[bool] = True

    label: str = "code"
    values: tuple[float, ...] = ()  # the K classes that have a probability, ascending
    rare: tuple[float, ...] = ()  # classes that are only filled between two cells of them
    sharpness: float = 1.0
    n_readings: int = 0

    @classmethod
    def of(cls, values: FloatArray, label: str = "code") -> Classes:
        """The kind of a column (T,), NaN where missing."""
        found, counts = np.unique(values[~np.isnan(values)], return_counts=True)
        common = found[np.argsort(-counts, kind="stable")[:MOST_COLUMNS]]
        rare = np.setdiff1d(found, common)
        return cls(label, tuple(np.sort(common).tolist()), tuple(rare.tolist()), n_readings=int(counts.sum()))

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.values) if len(self.values) > 2 or self.rare else 1

    @property
    def name(self) -> str:
        return self.label

    @property
    def ends(self) -> tuple[float, float] | None:
        classes = (*self.values, *self.rare)
        return (min(classes), max(classes)) if classes else None

    def encode(self, values: FloatArray, times: StepTimes) -> FloatArray:
        classes = np.array(self.values[-self.width :] or (np.nan,))
        return np.where(np.isnan(values)[:, None], np.nan, (values[:, None] == classes).astype(float))

    def errors(self, truth: FloatArray, estimate: FloatArray, column: Column | None = None) -> FloatArray:
        """1 where the most probable class is wrong, else 0."""
        wrong = self._full(np.nan_to_num(truth)).argmax(axis=1) != self._full(np.nan_to_num(estimate)).argmax(axis=1)
        return np.where(np.isnan(truth).any(axis=1), np.nan, wrong.astype(float))

    def error_scale(self, scale: FloatArray) -> float:
        """`spread` of the readings: the variances of the working columns sum to its square."""
        variance = float((scale**2).sum())
        return float(np.sqrt(2 * variance if self.width == 1 else variance))

    def learnt(self, truth: FloatArray, estimate: FloatArray) -> Self:
        if len(truth) < FEWEST_HIDDEN or len(self.values) < 2:
            return self
        right = self._full(truth).argmax(axis=1)
        losses = [-np.mean(np.log(self._powered(estimate, power)[np.arange(len(right)), right])) for power in SHARPNESS]
        return replace(self, sharpness=float(SHARPNESS[int(np.argmin(losses))]))

    def fill(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        estimate = working[readings.step]
        empty, probability = np.isnan(estimate).any(axis=1), self._powered(estimate, self.sharpness)
        classes = np.array([*self.values, np.nan] if self.rare else self.values or (np.nan,))
        chosen = probability.argmax(axis=1)
        value, likely = classes[chosen], _likely(probability, errors.coverage)
        value = self._with_rare(value, readings)
        filled = CellValues(
            value=value,
            expected=np.maximum(1 - probability.max(axis=1), 1 / (self.n_readings + 2)),
            lower=np.fmin(np.where(likely, classes, np.inf).min(axis=1, where=likely, initial=np.inf), value),
            upper=np.fmax(np.where(likely, classes, -np.inf).max(axis=1, where=likely, initial=-np.inf), value),
            samples=self._with_rare(_drawn(probability, classes, errors.scores), readings),
        )
        return CellValues(*(np.where(empty, np.nan, getattr(filled, name)) for name in CellValues.__slots__))

    def as_number(self, values: FloatArray) -> Number:
        return replace(Number.of(values, self.label), among=tuple(sorted((*self.values, *self.rare))))

    def distance(self, values: FloatArray, others: FloatArray) -> FloatArray:
        differs = np.asarray(values != others, dtype=float)
        return np.where(np.isnan(values) | np.isnan(others), np.nan, differs)

    def interval_width(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        return np.asarray(lower != upper, dtype=float)

    def spread(self, values: FloatArray) -> float:
        """Root of the probability that two readings differ."""
        _, counts = np.unique(values[~np.isnan(values)], return_counts=True)
        shares = counts / max(1, counts.sum())
        return float(np.sqrt(max(0.0, 1 - (shares**2).sum())))

    def _full(self, working: FloatArray) -> FloatArray:
        """Shares (M, K) of each class, or (M, K + 1) with that of all rare ones together."""
        known = np.clip(working, 0.0, 1.0)
        if self.width > 1 and not self.rare:
            return known
        others = np.clip(1 - known.sum(axis=1, keepdims=True), 0.0, 1.0)
        return np.concatenate([known, others] if self.rare else [others, known], axis=1)[:, : max(1, self._size)]

    @property
    def _size(self) -> int:
        return len(self.values) + bool(self.rare)

    def _powered(self, working: FloatArray, power: float) -> FloatArray:
        """Probabilities of the classes, which sum to one."""
        raised = np.maximum(self._full(np.nan_to_num(working)), LEAST_PROBABILITY) ** power
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def _with_rare(self, value: FloatArray, readings: Readings) -> FloatArray:
        """Values (..., M), and where a rare class is the most probable one the nearest reading."""
        if not self.rare:
            return value
        known = np.flatnonzero(~np.isnan(readings.values))
        return np.where(np.isnan(value), readings.values[_nearest(known, readings.step)], value)


def _nearest(known: IntArray, step: IntArray) -> IntArray:
    """The nearest of the `known` steps, ascending, for each step (M,)."""
    after = np.searchsorted(known, step)
    left, right = known[np.maximum(after - 1, 0)], known[np.minimum(after, len(known) - 1)]
    return np.where(np.abs(step - left) <= np.abs(right - step), left, right)


def _likely(probability: FloatArray, coverage: float) -> BoolArray:
    """The most probable classes (M, K) that reach the coverage together."""
    order = np.argsort(-probability, axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(probability, order, axis=1), axis=1)
    before = np.concatenate([np.zeros((len(reached), 1)), reached[:, :-1]], axis=1)
    likely = np.zeros(probability.shape, dtype=bool)
    np.put_along_axis(likely, order, before < coverage, axis=1)
    return likely


def _drawn(probability: FloatArray, classes: FloatArray, scores: FloatArray) -> FloatArray:
    """Classes (S, M) drawn at standard normal scores (S, M)."""
    from scipy.special import ndtr

    upto = np.cumsum(probability, axis=1)
    chosen = (ndtr(scores)[..., None] > upto).sum(axis=-1)
    return np.asarray(classes[np.minimum(chosen, len(classes) - 1)])
