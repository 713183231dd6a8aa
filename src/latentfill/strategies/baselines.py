"""Well-known simple imputers behind one interface: fit on a scaled series, then fill it, another one, or windows.

`BASELINES` maps a name to a function that makes a fresh one:

    estimates = BASELINES["seasonal"]().fit(train).fill(gappy)

A window is filled from what is observed inside it, never from other windows; `fit` sees the series fitted to alone.
Settings were chosen, or confirmed, on validation windows of ETTh1.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.windows.cycles import find_period
from latentfill.windows.gaps import distances, interpolate, restore_observed
from latentfill.windows.hiding import hide_points

PERIOD = 24  # steps, where the train rows show no period: a day of hourly data
STRETCH = 500  # steps: over longer stretches, drift lets multiples of the period look clearer than the period
KNN_ROWS = 2000  # rows that neighbours are looked for in: every filled row is compared with each of them
KNN_NEIGHBOURS = 10
ITERATIVE_ROWS = 10_000  # rows that the regressions are fitted on
ITERATIVE_HIDDEN = (0.1, 0.7)  # shares of the cells hidden in them: scikit-learn only refines what it has to fill
HIDDEN_STEPS = 96  # steps that share one such rate
REGRESSED = 32  # features that each is regressed on, where rows have more than `ROW_FEATURES`: those most alike
ROW_FEATURES = 128  # of a row, at most, unless the series has more columns
CHUNK = 50_000  # rows handed to scikit-learn at a time, which bounds the memory


class Baseline(Protocol):
    """An imputer that is fitted once and fills any number of windows or series."""

    def fit(self, train: FloatArray) -> Self:
        """Learn from the scaled train rows (T, C), NaN where missing."""
        ...

    def fill(self, values: FloatArray) -> FloatArray:
        """`values` (..., L, C) with an estimate in every NaN; observed cells as they were."""
        ...

    def estimate(self, values: FloatArray) -> FloatArray:
        """An estimate for every cell of `values` (..., L, C); NaN where it has nothing to say."""
        ...

    def state(self) -> dict[str, FloatArray]:
        """What was learnt, for `load` to take up again."""
        ...

    def load(self, state: Mapping[str, FloatArray]) -> Self:
        """As if fitted to the series that `state` was learnt from."""
        ...


class _Completed:
    """What all baselines share: cells without an estimate get the straight line, then the column's train mean."""

    mean_: FloatArray  # (1, C), 0 where the train rows show none

    def fit(self, train: FloatArray) -> Self:
        self.mean_ = np.nan_to_num(_mean(train, axis=0))
        return self

    def state(self) -> dict[str, FloatArray]:
        return {"mean": self.mean_}

    def load(self, state: Mapping[str, FloatArray]) -> Self:
        self.mean_ = state["mean"]
        return self

    def fill(self, values: FloatArray) -> FloatArray:
        estimate = self.estimate(values)
        for fallback in (interpolate(values), self.mean_):
            estimate = np.where(np.isnan(estimate), fallback, estimate)
        return restore_observed(estimate, values)

    def estimate(self, values: FloatArray) -> FloatArray:
        raise NotImplementedError


class Linear(_Completed):
    """Straight lines between the observed cells, the nearest one held at either end."""

    def estimate(self, values: FloatArray) -> FloatArray:
        return interpolate(values)


class LastObserved(_Completed):
    """The last observed cell carried forward; before the first one, that one carried back."""

    def estimate(self, values: FloatArray) -> FloatArray:
        back, ahead = distances(~np.isnan(values))
        step = np.arange(values.shape[-2])[:, None]
        nearest = np.where(back <= step, step - back, step + ahead)
        return np.take_along_axis(values, np.minimum(nearest, len(step) - 1), axis=-2)


class NextObserved(_Completed):
    """The next observed cell carried back; after the last one, that one carried forward."""

    def estimate(self, values: FloatArray) -> FloatArray:
        return LastObserved().estimate(values[..., ::-1, :])[..., ::-1, :]


class Spline(_Completed):
    """Natural cubic splines through the observed cells, the nearest one held at either end.

    Where fewer than four cells are observed, straight lines.
    """

    def estimate(self, values: FloatArray) -> FloatArray:
        from scipy.interpolate import CubicSpline

        by_column = np.moveaxis(values, -2, -1).reshape(-1, values.shape[-2])
        estimate = np.full(by_column.shape, np.nan)
        for line, column in zip(estimate, by_column, strict=True):
            step = np.flatnonzero(~np.isnan(column))
            if 4 <= len(step) < len(column):
                spline = CubicSpline(step, column[step], bc_type="natural")
                line[:] = spline(np.clip(np.arange(len(column)), step[0], step[-1]))
        *lead, length, columns = values.shape
        return np.moveaxis(estimate.reshape(*lead, columns, length), -1, -2)


class Mean(_Completed):
    """The mean of the column's observed cells in the window; of its train rows where the window shows none."""

    def estimate(self, values: FloatArray) -> FloatArray:
        return np.broadcast_to(_mean(values, axis=-2), values.shape)


class Median(_Completed):
    """The median of the column's observed cells in the window; the train mean where the window shows none."""

    def estimate(self, values: FloatArray) -> FloatArray:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
            return np.broadcast_to(np.nanmedian(values, axis=-2, keepdims=True), values.shape)


class Seasonal(_Completed):
    """A seasonal profile, and straight lines across what it leaves, both from the observed cells of the window alone.

    The profile is the mean of the cells at the same phase of the period that the train rows show, after taking off a
    moving mean over one period. A phase of which the window shows nothing gets the line between observed cells.
    """

    def fit(self, train: FloatArray) -> Self:
        raw = np.split(train, range(STRETCH, len(train), STRETCH))
        found = Counter(period for period in map(find_period, raw) if period)
        self.period_ = found.most_common(1)[0][0] if found else PERIOD
        return super().fit(train)

    def state(self) -> dict[str, FloatArray]:
        return super().state() | {"period": np.array(self.period_)}

    def load(self, state: Mapping[str, FloatArray]) -> Self:
        self.period_ = int(state["period"])
        return super().load(state)

    def estimate(self, values: FloatArray) -> FloatArray:
        profile = self._profile(values - self._level(values))
        return profile + interpolate(values - profile)

    def _profile(self, values: FloatArray) -> FloatArray:
        """The mean of the observed cells at the same phase, (..., L, C); NaN where there are none."""
        *lead, length, columns = values.shape
        periods = -(-length // self.period_)
        padding = [(0, 0)] * len(lead) + [(0, periods * self.period_ - length), (0, 0)]
        by_phase = np.pad(values, padding, constant_values=np.nan).reshape(*lead, periods, self.period_, columns)
        mean = np.broadcast_to(_mean(by_phase, axis=-3), by_phase.shape)
        return mean.reshape(*lead, -1, columns)[..., :length, :]

    def _level(self, values: FloatArray) -> FloatArray:
        """Moving mean over about one period, (..., L, C), with straight lines in the gaps."""
        step, half = np.arange(values.shape[-2]), self.period_ // 2
        first, stop = np.maximum(step - half, 0), np.minimum(step + half + 1, len(step))
        running = np.cumsum(np.nan_to_num(interpolate(values)), axis=-2)
        running = np.concatenate([np.zeros_like(running[..., :1, :]), running], axis=-2)
        level: FloatArray = (running[..., stop, :] - running[..., first, :]) / (stop - first)[:, None]
        return level


class _Rows(_Completed):
    """A scikit-learn imputer on rows: one per step, its features the columns at that step and up to `reach` steps away.

    Windows end where they end: steps before the first and after the last one are missing.
    """

    reach: int  # steps to either side, fewer where rows would have more than `ROW_FEATURES` numbers
    rows_: FloatArray  # (R, features) that the imputer was fitted to

    def fit(self, train: FloatArray) -> Self:
        super().fit(train)
        return self._learn(self._train_rows(train, np.random.default_rng(0)))

    def state(self) -> dict[str, FloatArray]:
        return super().state() | {"rows": self.rows_}

    def load(self, state: Mapping[str, FloatArray]) -> Self:
        return super().load(state)._learn(state["rows"])

    def _learn(self, rows: FloatArray) -> Self:
        self.rows_ = rows
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\[IterativeImputer\] Early stopping", Warning)  # more rounds: no better
            self.imputer_ = self._imputer().fit(rows)
        return self

    def _steps_around(self, columns: int) -> int:
        """How many steps to either side a row looks."""
        return max(0, min(self.reach, (ROW_FEATURES // columns - 1) // 2))

    def _imputer(self) -> Any:
        raise NotImplementedError

    def _train_rows(self, train: FloatArray, rng: np.random.Generator) -> FloatArray:
        """The rows (R, (2 * reach + 1) * C) to fit on."""
        raise NotImplementedError

    def estimate(self, values: FloatArray) -> FloatArray:
        columns = values.shape[-1]
        reach = self._steps_around(columns)
        rows, estimate = _rows(values, reach), values.reshape(-1, columns).copy()
        middle = slice(reach * columns, (reach + 1) * columns)
        wanted = np.flatnonzero(np.isnan(estimate).any(axis=1))
        for chosen in np.array_split(wanted, -(-len(wanted) // CHUNK)) if len(wanted) else ():
            estimate[chosen] = self.imputer_.transform(rows[chosen])[:, middle]
        return estimate.reshape(values.shape)


class NearestRows(_Rows):
    """KNNImputer: the mean of the cell in the most similar train rows, weighted by closeness.

    Every filled row is compared with every train row, so at most `KNN_ROWS` of those are kept, drawn with a fixed seed.
    A row of which nothing is observed, nor of the steps beside it, gets the train means.
    """

    reach = 1  # the time taken grows with it

    def _imputer(self) -> Any:
        from sklearn.impute import KNNImputer

        return KNNImputer(n_neighbors=KNN_NEIGHBOURS, weights="distance", keep_empty_features=True)

    def _train_rows(self, train: FloatArray, rng: np.random.Generator) -> FloatArray:
        return _some(rng, _rows(train, self._steps_around(train.shape[1])), KNN_ROWS)


class Iterative(_Rows):
    """IterativeImputer with its default, a Bayesian ridge regression of each feature on all others, in rounds.

    Fitted on at most `ITERATIVE_ROWS` train rows, drawn with a fixed seed, in which scattered cells are hidden at rates
    drawn from `ITERATIVE_HIDDEN`.
    """

    reach = 4

    def _imputer(self) -> Any:
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
        from sklearn.impute import IterativeImputer

        few = REGRESSED if self.rows_.shape[1] > ROW_FEATURES else None
        return IterativeImputer(random_state=0, keep_empty_features=True, n_nearest_features=few)

    def _train_rows(self, train: FloatArray, rng: np.random.Generator) -> FloatArray:
        rate = rng.uniform(*ITERATIVE_HIDDEN, -(-len(train) // HIDDEN_STEPS)).repeat(HIDDEN_STEPS)[: len(train)]
        hidden = hide_points(rng, ~np.isnan(train)[:, None], rate)[:, 0]
        return _some(rng, _rows(np.where(hidden, np.nan, train), self._steps_around(train.shape[1])), ITERATIVE_ROWS)


BASELINES: dict[str, Callable[[], Baseline]] = {
    "linear": Linear,
    "spline": Spline,
    "locf": LastObserved,
    "nocb": NextObserved,
    "mean": Mean,
    "median": Median,
    "seasonal": Seasonal,
    "knn": NearestRows,
    "iterative": Iterative,
}


def _mean(values: FloatArray, axis: int) -> FloatArray:
    """Mean of the observed cells along `axis`, which stays as length 1; NaN where there are none."""
    observed = ~np.isnan(values)
    total = np.where(observed, values, 0.0).sum(axis=axis, keepdims=True)
    count = observed.sum(axis=axis, keepdims=True)
    mean: FloatArray = np.full_like(total, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def _rows(values: FloatArray, reach: int) -> FloatArray:
    """A row per step of `values` (..., L, C): its columns from `reach` steps before it to `reach` steps after it."""
    *lead, _, columns = values.shape
    edge = np.full((*lead, reach, columns), np.nan)
    padded = np.concatenate([edge, values, edge], axis=-2)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=-2)  # (..., L, C, 2 * reach + 1)
    return np.swapaxes(near, -1, -2).reshape(-1, (2 * reach + 1) * columns)


def _some(rng: np.random.Generator, rows: FloatArray, most: int) -> FloatArray:
    """At most `most` of the rows, drawn without replacement, in their order."""
    return rows[np.sort(rng.permutation(len(rows))[:most])]
