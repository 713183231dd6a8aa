"""A block: autoregressions of equal size, learnt and smoothed side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from latentfill.core.seeds import SeedStream
from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.series_strategy import middle
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.drawing import draw_columns
from latentfill.strategies.state_space.filtering import filter_readings
from latentfill.strategies.state_space.learning import LearningPlan, learn
from latentfill.strategies.state_space.recurrence import CYCLES, fit_recurrence, recurring
from latentfill.strategies.state_space.smoothing import Smoothed, smooth, smoothed_mean
from latentfill.strategies.state_space.stretches import Stretches
from latentfill.windows.metrics import masked_mse

NOISES = (None, 4.0)  # degrees of freedom of the noise: Gaussian, or with readings that are sometimes far off
MOST_COLUMNS_TRIED = 12  # for more columns, only the first kind of noise is tried
LEAST_GAIN = 0.03  # share by which a choice must lower the error on the tuning cells
TRIAL_STEPS = 4000  # steps in the middle of the series on which choices are tried out


@dataclass(frozen=True, slots=True, eq=False)
class BlockData:
    """The columns of a block, in the scale in which they are smoothed."""

    values: FloatArray  # (T, K), NaN where missing
    truth: FloatArray  # (T, K) values of the tuning cells, which are missing from `values`; NaN elsewhere
    size: int  # n, columns per group: K = G n
    period: int | None  # steps of the cycle
    seed: int
    alone: bool = False  # see `SeriesData`

    @property
    def has_tuning_cells(self) -> bool:
        """Whether there are cells to choose by."""
        return not np.isnan(self.truth).all()

    def middle(self) -> BlockData:
        """The `TRIAL_STEPS` in the middle of the series."""
        part = middle(len(self.values), TRIAL_STEPS)
        return replace(self, values=self.values[part], truth=self.truth[part])

    def learn(self, plan: LearningPlan, recurs: FloatArray | float = 0.0) -> Autoregression:
        """Autoregressions of the groups of columns, without what `recurs` (T, K)."""
        return learn(to_groups(self.values - recurs, self.size), plan, SeedStream.STATE_SPACE.generator(self.seed))


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Autoregressions of G groups of n columns each; the G n columns of a block lie side by side, K in all."""

    model: Autoregression
    degrees: float | None  # degrees of freedom of the noise; None: Gaussian
    recurrence: FloatArray  # (K, len(CYCLES)) coefficients
    period: int | None  # steps of the cycle; None: nothing recurs

    @classmethod
    def fit(cls, data: BlockData) -> Self:
        """Learn from a series without its tuning cells.

        These choose between Gaussian noise and, for few columns, noise with outliers, and whether anything recurs.
        """
        trial = data.middle()
        noises = NOISES if data.size <= MOST_COLUMNS_TRIED and trial.has_tuning_cells else NOISES[:1]
        plans = [LearningPlan.of(data.size, degrees, alone=data.alone) for degrees in noises]
        tried = [cls.learnt(trial, plan) for plan in plans]
        chosen = _first_clearly_best([block.error(trial) for block in tried])
        block, plan = tried[chosen], plans[chosen]
        if len(trial.values) < len(data.values):
            block = replace(block, model=data.learn(plan))
        return block._with_recurrence(data, plan, data.period) if data.period and data.has_tuning_cells else block

    @classmethod
    def learnt(cls, data: BlockData, plan: LearningPlan) -> Self:
        """Learn with a given plan, without a recurrence."""
        return cls(data.learn(plan), plan.degrees, np.zeros((data.values.shape[1], len(CYCLES))), None)

    def _with_recurrence(self, data: BlockData, plan: LearningPlan, period: int) -> Self:
        """The same block with a recurrence, if that lowers the error on the tuning cells."""
        coefficients = fit_recurrence(data.values, self._mean(data.values), period)
        other = replace(self, recurrence=coefficients, period=period)
        if _first_clearly_best([self.error(data), other.error(data)]) == 0:
            return self
        return replace(other, model=data.learn(plan, other._recurring(data.values)))

    def smooth(self, values: FloatArray) -> Smoothed:
        """The hidden columns (..., L, K) of a series (T, K) or windows (N, L, K), NaN where missing."""
        recurs = self._recurring(values)
        smoothed = self._smooth(values - recurs)
        return smoothed._replace(mean=smoothed.mean + recurs)

    def filter(self, values: FloatArray) -> Smoothed:
        """Like `smooth`, from earlier steps and the step itself; without the recurrence, which looks ahead too."""
        groups = to_groups(values, self.model.noise.shape[1])
        alone = values.ndim == 2
        filtered = filter_readings(self.model, groups[:, None] if alone else groups, self.degrees)
        return Smoothed(*(from_groups(part[:, 0] if alone else part) for part in filtered))

    def draw(self, values: FloatArray, deviations: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Series (D, T, K) of readings drawn from their posterior, given `values` (T, K) plus each of `deviations`.

        `values` are NaN where missing; `deviations` are (D, T, K).
        """
        recurs, size = self._recurring(values), self.model.noise.shape[1]
        groups = to_groups(values - recurs, size), to_groups(deviations, size).swapaxes(0, 1)
        return from_groups(draw_columns(self.model, *groups, self.degrees, rng).swapaxes(0, 1)) + recurs

    def error(self, data: BlockData) -> float:
        """Mean squared error on the tuning cells; infinite if there are none."""
        recurs = self._recurring(data.values)
        mean = self._mean(data.values - recurs) + recurs
        error = masked_mse(mean, data.truth, ~np.isnan(data.truth))
        return error if np.isfinite(error) else np.inf

    def _recurring(self, values: FloatArray) -> FloatArray | float:
        """What recurs from cycle to cycle, (..., L, K)."""
        if self.period is None:
            return 0.0
        return recurring(self._mean(values), self.recurrence, self.period)

    def _smooth(self, values: FloatArray) -> Smoothed:
        """Smoothed without the recurrence."""
        cut, join = self._stretches(values)
        return Smoothed(*map(join, smooth(self.model, cut, self.degrees)))

    def _mean(self, values: FloatArray) -> FloatArray:
        """The hidden columns (..., L, K) without the recurrence."""
        cut, join = self._stretches(values)
        return join(smoothed_mean(self.model, cut, self.degrees))

    def _stretches(self, values: FloatArray) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
        """The groups of a series in stretches (G, B, L, n), or of windows as they are, and the way back."""
        groups = to_groups(values, self.model.noise.shape[1])
        if values.ndim == 3:
            return groups, from_groups
        stretches = Stretches.of(len(values))
        return stretches.cut(groups), lambda parts: from_groups(stretches.join(parts))


def to_groups(values: FloatArray, size: int) -> FloatArray:
    """The groups (G, ..., n) of columns (..., G n)."""
    return np.moveaxis(values.reshape(*values.shape[:-1], -1, size), -2, 0)


def from_groups(groups: FloatArray) -> FloatArray:
    """The columns (..., G n) of groups (G, ..., n)."""
    last = np.moveaxis(groups, 0, -2)
    return last.reshape(*last.shape[:-2], -1)


def _first_clearly_best(errors: Sequence[float]) -> int:
    """Index of the smallest error, or 0 if it is not smaller than the first by `LEAST_GAIN`."""
    best = int(np.argmin(errors))
    return best if errors[best] < (1 - LEAST_GAIN) * errors[0] else 0
