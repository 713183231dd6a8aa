"""Simple imputers to compare with, behind one interface: fit on the train rows, then fill windows or a whole series.

`BASELINES` maps a name to a function that makes a fresh one:

    estimates = BASELINES["seasonal"]().fit(train).fill(gappy)

Values are in standard deviations of the train rows. A window is filled from what is observed inside it, never from
other windows; `fit` sees the train rows alone. Settings were chosen, or confirmed, on validation windows of ETTh1.
"knn" and "iterative" need scikit-learn: `pip install -c constraints.txt -e ".[bench]"`.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, Self

import numpy as np

from latentfill.clock import find_period
from latentfill.gaps import distances, interpolate, restore_observed
from latentfill.hiding import hide_points
from latentfill.series import FloatArray

PERIOD = 24  # steps, where the train rows show no period: a day of hourly data
STRETCH = 500  # steps: over longer stretches, drift lets multiples of the period look clearer than the period
KNN_ROWS = 2000  # rows that neighbours are looked for in: every filled row is compared with each of them
KNN_NEIGHBOURS = 10
ITERATIVE_ROWS = 10_000  # rows that the regressions are fitted on
ITERATIVE_HIDDEN = (0.1, 0.7)  # shares of the cells hidden in them: scikit-learn only refines what it has to fill
HIDDEN_STEPS = 96  # steps that share one such rate
CHUNK = 50_000  # rows handed to scikit-learn at a time, which bounds the memory


class Baseline(Protocol):
    """An imputer that is fitted once and fills any number of windows or series."""

    def fit(self, train: FloatArray) -> Self:
        """Learn from the scaled train rows (T, C), NaN where missing."""
        ...

    def fill(self, values: FloatArray) -> FloatArray:
        """`values` (..., L, C) with an estimate in every NaN; observed cells as they were."""
        ...


class _Completed:
    """What all baselines share: cells without an estimate get the straight line, then the column's train mean."""

    def fit(self, train: FloatArray) -> Self:
        self.mean_ = np.nan_to_num(_mean(train, axis=0))  # (1, C), 0 where the train rows show none
        return self

    def fill(self, values: FloatArray) -> FloatArray:
        estimate = self._estimate(values)
        for fallback in (interpolate(values), self.mean_):
            estimate = np.where(np.isnan(estimate), fallback, estimate)
        return restore_observed(estimate, values)

    def _estimate(self, values: FloatArray) -> FloatArray:
        """An estimate per cell (..., L, C), NaN where there is none."""
        raise NotImplementedError


class Linear(_Completed):
    """Straight lines between the observed cells, the nearest one held at either end."""

    def _estimate(self, values: FloatArray) -> FloatArray:
        return interpolate(values)


class LastObserved(_Completed):
    """The last observed cell carried forward; before the first one, that one carried back."""

    def _estimate(self, values: FloatArray) -> FloatArray:
        back, ahead = distances(~np.isnan(values))
        step = np.arange(values.shape[-2])[:, None]
        nearest = np.where(back <= step, step - back, step + ahead)
        return np.take_along_axis(values, np.minimum(nearest, len(step) - 1), axis=-2)


class Mean(_Completed):
    """The mean of the column's observed cells in the window; of its train rows where the window shows none."""

    def _estimate(self, values: FloatArray) -> FloatArray:
        return np.broadcast_to(_mean(values, axis=-2), values.shape)


class Median(_Completed):
    """The median of the column's observed cells in the window; the train mean where the window shows none."""

    def _estimate(self, values: FloatArray) -> FloatArray:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
            return np.broadcast_to(np.nanmedian(values, axis=-2, keepdims=True), values.shape)


class Seasonal(_Completed):
    """A seasonal profile, and straight lines across what it leaves, both from the observed cells of the window alone.

    The profile is the mean of the cells at the same phase of the period that the train rows show, after taking off a
    moving mean over one period. A phase of which the window shows nothing gets the line between observed cells.
    """

    def fit(self, train: FloatArray) -> Self:
        stretches = np.split(train, range(STRETCH, len(train), STRETCH))
        found = Counter(period for period in map(find_period, stretches) if period)
        self.period_ = found.most_common(1)[0][0] if found else PERIOD
        return super().fit(train)

    def _estimate(self, values: FloatArray) -> FloatArray:
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
        return (running[..., stop, :] - running[..., first, :]) / (stop - first)[:, None]


class _Rows(_Completed):
    """A scikit-learn imputer on rows: one per step, its features the columns at that step and up to `reach` steps away.

    Windows end where they end: steps before the first and after the last one are missing.
    """

    reach: int  # steps to either side

    def fit(self, train: FloatArray) -> Self:
        super().fit(train)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\[IterativeImputer\] Early stopping", Warning)  # more rounds: no better
            self.imputer_ = self._imputer().fit(self._train_rows(train, np.random.default_rng(0)))
        return self

    def _imputer(self) -> Any:
        raise NotImplementedError

    def _train_rows(self, train: FloatArray, rng: np.random.Generator) -> FloatArray:
        """The rows (R, (2 * reach + 1) * C) to fit on."""
        raise NotImplementedError

    def _estimate(self, values: FloatArray) -> FloatArray:
        columns = values.shape[-1]
        rows, estimate = _rows(values, self.reach), values.reshape(-1, columns).copy()
        middle = slice(self.reach * columns, (self.reach + 1) * columns)
        wanted = np.flatnonzero(np.isnan(estimate).any(axis=1))
        for chosen in np.array_split(wanted, -(-len(wanted) // CHUNK)) if len(wanted) else ():
            estimate[chosen] = self.imputer_.transform(rows[chosen])[:, middle]
        return estimate.reshape(values.shape)


class Neighbours(_Rows):
    """KNNImputer: the mean of the cell in the most similar train rows, weighted by closeness.

    Every filled row is compared with every train row, so at most `KNN_ROWS` of those are kept, drawn with a fixed seed.
    A row of which nothing is observed, nor of the steps beside it, gets the train means.
    """

    reach = 1  # the time taken grows with it

    def _imputer(self) -> Any:
        return _sklearn().KNNImputer(n_neighbors=KNN_NEIGHBOURS, weights="distance", keep_empty_features=True)

    def _train_rows(self, train: FloatArray, rng: np.random.Generator) -> FloatArray:
        return _some(rng, _rows(train, self.reach), KNN_ROWS)


class Iterative(_Rows):
    """IterativeImputer with its default, a Bayesian ridge regression of each feature on all others, in rounds.

    Fitted on at most `ITERATIVE_ROWS` train rows, drawn with a fixed seed, in which scattered cells are hidden at rates
    drawn from `ITERATIVE_HIDDEN`.
    """

    reach = 4

    def _imputer(self) -> Any:
        return _sklearn().IterativeImputer(random_state=0, keep_empty_features=True)

    def _train_rows(self, train: FloatArray, rng: np.random.Generator) -> FloatArray:
        rate = rng.uniform(*ITERATIVE_HIDDEN, -(-len(train) // HIDDEN_STEPS)).repeat(HIDDEN_STEPS)[: len(train)]
        hidden = hide_points(rng, ~np.isnan(train)[:, None], rate)[:, 0]
        return _some(rng, _rows(np.where(hidden, np.nan, train), self.reach), ITERATIVE_ROWS)


BASELINES: dict[str, Callable[[], Baseline]] = {
    "linear": Linear,
    "locf": LastObserved,
    "mean": Mean,
    "median": Median,
    "seasonal": Seasonal,
    "knn": Neighbours,
    "iterative": Iterative,
}


def _mean(values: FloatArray, axis: int) -> FloatArray:
    """Mean of the observed cells along `axis`, which stays as length 1; NaN where there are none."""
    observed = ~np.isnan(values)
    total = np.where(observed, values, 0.0).sum(axis=axis, keepdims=True)
    count = observed.sum(axis=axis, keepdims=True)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


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


def _sklearn() -> Any:
    """The module `sklearn.impute`, or a word on how to get it."""
    try:
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    except ImportError as error:
        raise ImportError('this baseline needs scikit-learn: pip install -c constraints.txt -e ".[bench]"') from error
    from sklearn import impute

    return impute
