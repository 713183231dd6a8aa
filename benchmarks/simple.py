"""Simple methods: the baselines of latentfill, and yardsticks that are no strategies of it, with one interface.

    filled = new_simple("profile").fit(train).fill(windows.values, windows.clock)

| yardstick | what it does |
|---|---|
| `profile` | the column's mean at this time of the day in the train rows, and a linear interpolation of the rest |
| `ridge` | a ridge regression on all columns at the same step, whose gaps are interpolated linearly |

`seasonal` takes its profile from the window that it fills. In a window of a single day, as those of 15-minute data are,
no time of day comes twice, and it equals linear interpolation: there, `profile` is the one to compare with.
"""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.strategies.classes import new_baseline
from latentfill.strategies.protocols.baseline import observed_mean
from latentfill.windows.cycles import clock_features, find_cycles, steps_per_cycle
from latentfill.windows.gaps import interpolate
from latentfill.windows.hiding import hide_mixture
from latentfill.windows.restore import restore_observed
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries

LESSON_STEPS = 96  # steps of the windows that `ridge` learns from
LESSONS = 400  # windows, at most
FEWEST_CELLS = 50  # hidden cells that a regression is fitted to; columns with fewer are interpolated
PENALTIES = np.logspace(-3, 3, 13)  # for columns of variance 1; chosen by leave-one-out errors on the train rows


class Simple(Protocol):
    """A method that learns from one series in seconds and fills series or windows."""

    def fit(self, series: ScaledSeries) -> Self:
        """Learn from a scaled series (T, C)."""
        ...

    def fill(self, values: FloatArray, clock: FloatArray) -> FloatArray:
        """`values` (..., L, C) with every gap filled; `clock` (..., L, P) is the clock of these steps."""
        ...


class BuiltIn:
    """A baseline of latentfill."""

    def __init__(self, name: str) -> None:
        self.baseline = new_baseline(name)

    def fit(self, series: ScaledSeries) -> Self:
        self.baseline.fit_series(series)
        return self

    def fill(self, values: FloatArray, clock: FloatArray) -> FloatArray:
        return self.baseline.fill(values)


class Profile:
    """The mean course of the day in the fitted series, and a linear interpolation of the remainder."""

    def fit(self, series: ScaledSeries) -> Self:
        self.steps_ = steps_per_cycle(series.clock) or 1
        phase = phases(series.clock, self.steps_)
        means = [observed_mean(series.values[phase == p], axis=0)[0] for p in range(self.steps_)]
        self.profile_ = np.nan_to_num(np.stack(means))  # (phases, C); 0 is the mean of the column
        return self

    def fill(self, values: FloatArray, clock: FloatArray) -> FloatArray:
        profile = self.profile_[phases(clock, self.steps_)]
        remainder = np.nan_to_num(interpolate(values - profile))  # 0 in a column without an observed cell
        return restore_observed(profile + remainder, values)


class Ridge:
    """A ridge regression of each column on all columns at the same step, learnt on cells hidden in the fitted series.

    The level of each window, the means of its columns, is taken out first: on validation rows of ETTh1, ETTh2 and ETTm1
    this lowers its error on scattered cells by a fifth to two thirds. Gaps among the regressors, and the column's own,
    are interpolated linearly; each regressor stands there a second time, 0 where it is interpolated, so that observed
    cells may count for more. What is hidden is the mixture that latentfill's networks learn from: points, blackouts and
    runs.
    """

    def fit(self, series: ScaledSeries) -> Self:
        lessons = lessons_of(series.values)
        hidden = hide_mixture(np.random.default_rng(0), ~np.isnan(lessons), np.zeros((0, *lessons.shape[1:]), bool))
        gappy = np.where(hidden, np.nan, lessons)
        level = level_of(gappy)
        regressors = regressors_of(gappy - level)
        self.columns_ = [_regression(regressors, lessons - level, hidden, c) for c in range(lessons.shape[2])]
        return self

    def fill(self, values: FloatArray, clock: FloatArray) -> FloatArray:
        level = level_of(values)
        regressors = regressors_of(values - level)
        estimate = [intercept + regressors @ slopes for intercept, slopes in self.columns_]
        return restore_observed(np.stack(estimate, axis=-1) + level, values)


YARDSTICKS: dict[str, type[Profile] | type[Ridge]] = {"profile": Profile, "ridge": Ridge}


def new_simple(name: str) -> Simple:
    """An unfitted simple method."""
    return YARDSTICKS[name]() if name in YARDSTICKS else BuiltIn(name)


def scaled_series(series: Series, scaler: ColumnScaler) -> ScaledSeries:
    """A series in scaled units, with its clock."""
    return ScaledSeries(scaler.apply(series.values), clock_features(series, find_cycles(series)))


def phases(clock: FloatArray, steps: int) -> IntArray:
    """The step (..., L) in the shortest cycle of a clock (..., L, P), from 0 to `steps` - 1; 0 without a clock."""
    if not clock.shape[-1]:
        return np.zeros(clock.shape[:-1], dtype=np.int64)
    angle = np.arctan2(clock[..., 0], clock[..., clock.shape[-1] // 2])
    return np.round(angle / (2 * np.pi) * steps).astype(np.int64) % steps


def lessons_of(values: FloatArray) -> FloatArray:
    """At most `LESSONS` windows (N, L, C), evenly spaced and without an overlap, of a series (T, C)."""
    length = min(LESSON_STEPS, len(values))
    windows = values[: len(values) // length * length].reshape(-1, length, values.shape[1])
    return windows[:: -(-len(windows) // LESSONS)]


def level_of(values: FloatArray) -> FloatArray:
    """Means of the observed cells of each column of `values` (..., L, C), (..., 1, C); 0 for a column without any."""
    return np.nan_to_num(observed_mean(values, axis=-2))


def regressors_of(values: FloatArray) -> FloatArray:
    """Columns with linear interpolations, then their observed cells alone, (..., L, 2 * C); 0, the mean, elsewhere."""
    return np.nan_to_num(np.concatenate([interpolate(values), values], axis=-1))


def _regression(regressors: FloatArray, truth: FloatArray, hidden: BoolArray, column: int) -> tuple[float, FloatArray]:
    """Intercept and slopes (2 * C,) for one column; of linear interpolation if too few of its cells are hidden."""
    from sklearn.linear_model import RidgeCV

    cells = hidden[..., column]
    if cells.sum() < FEWEST_CELLS:
        return 0.0, np.eye(regressors.shape[-1])[column]
    model = RidgeCV(PENALTIES).fit(regressors[cells], truth[..., column][cells])
    return float(model.intercept_), np.asarray(model.coef_)
