"""Imputers of scikit-learn, applied to rows that hold a few steps each.

Settings were chosen, or confirmed, on validation windows of ETTh1.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol, Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.baseline import Baseline
from latentfill.windows.hiding import hide_points

KNN_ROWS = 2000  # reference rows, at most: every filled row is compared with all of them
KNN_NEIGHBOURS = 10
ITERATIVE_ROWS = 10_000  # rows that the regressions are fitted to, at most
ITERATIVE_HIDDEN = (0.1, 0.7)  # least and largest share of cells hidden in them: only missing cells are refined
HIDDEN_STEPS = 96  # consecutive steps with the same share of hidden cells
REGRESSORS = 32  # correlated features that each feature is regressed on, if there are more than `ROW_FEATURES`
ROW_FEATURES = 128  # features of a row, at most, unless the series has more columns
CHUNK = 50_000  # rows handed to scikit-learn at a time, which bounds the memory


class RowImputer(Protocol):
    """The methods of scikit-learn's imputers that are used here."""

    def fit(self, rows: FloatArray) -> Self: ...

    def transform(self, rows: FloatArray) -> FloatArray: ...


class RowBaseline(Baseline):
    """A scikit-learn imputer whose rows hold the columns of one step and of up to `reach` steps on both sides of it.

    Steps outside the window count as missing.
    """

    reach: int  # steps; fewer if rows would have more than `ROW_FEATURES` features
    rows_: FloatArray  # (R, features) that the imputer was fitted to
    imputer_: RowImputer

    @abstractmethod
    def _new_imputer(self, features: int) -> RowImputer:
        """An unfitted imputer of rows with `features` features."""

    @abstractmethod
    def _choose_rows(self, series: FloatArray, rng: np.random.Generator) -> FloatArray:
        """The rows (R, features) of a series (T, C) that the imputer is fitted to."""

    def fit(self, series: FloatArray) -> Self:
        return super().fit(series)._fit_rows(self._choose_rows(series, np.random.default_rng(0)))

    def state(self) -> dict[str, FloatArray]:
        return super().state() | {"rows": self.rows_}

    def load(self, state: Mapping[str, FloatArray]) -> Self:
        return super().load(state)._fit_rows(state["rows"])

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        columns = values.shape[-1]
        reach = self._steps_around(columns)
        rows, estimate = rows_of(values, reach), values.reshape(-1, columns).copy()
        middle = slice(reach * columns, (reach + 1) * columns)
        with_gaps = np.flatnonzero(np.isnan(estimate).any(axis=1))
        for chunk in np.array_split(with_gaps, -(-len(with_gaps) // CHUNK)) if len(with_gaps) else ():
            estimate[chunk] = self.imputer_.transform(rows[chunk])[:, middle]
        return estimate.reshape(values.shape)

    def _fit_rows(self, rows: FloatArray) -> Self:
        self.rows_ = rows
        with warnings.catch_warnings():
            # more rounds were not better
            warnings.filterwarnings("ignore", r"\[IterativeImputer\] Early stopping", Warning)
            self.imputer_ = self._new_imputer(rows.shape[1]).fit(rows)
        return self

    def _steps_around(self, columns: int) -> int:
        """Number of steps that a row holds on either side of its own."""
        return max(0, min(self.reach, (ROW_FEATURES // columns - 1) // 2))


class NearestRows(RowBaseline):
    """KNNImputer: the mean of the cell in the most similar rows of the series fitted to, weighted by closeness.

    Rows are compared with at most `KNN_ROWS` reference rows, drawn with a fixed seed. A row without an observed feature
    gets the means of the reference rows.
    """

    reach = 1  # a larger one takes longer

    def _new_imputer(self, features: int) -> RowImputer:
        from sklearn.impute import KNNImputer

        imputer: RowImputer = KNNImputer(n_neighbors=KNN_NEIGHBOURS, weights="distance", keep_empty_features=True)
        return imputer

    def _choose_rows(self, series: FloatArray, rng: np.random.Generator) -> FloatArray:
        return draw_rows(rng, rows_of(series, self._steps_around(series.shape[1])), KNN_ROWS)


class Iterative(RowBaseline):
    """IterativeImputer with its default: rounds of Bayesian ridge regressions of each feature on the others.

    It is fitted to at most `ITERATIVE_ROWS` rows, drawn with a fixed seed, in which random cells are hidden. The share
    of hidden cells is drawn between the bounds `ITERATIVE_HIDDEN`.
    """

    reach = 4

    def _new_imputer(self, features: int) -> RowImputer:
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
        from sklearn.impute import IterativeImputer

        regressors = REGRESSORS if features > ROW_FEATURES else None
        imputer: RowImputer = IterativeImputer(random_state=0, keep_empty_features=True, n_nearest_features=regressors)
        return imputer

    def _choose_rows(self, series: FloatArray, rng: np.random.Generator) -> FloatArray:
        rate = rng.uniform(*ITERATIVE_HIDDEN, -(-len(series) // HIDDEN_STEPS)).repeat(HIDDEN_STEPS)[: len(series)]
        hidden = hide_points(rng, ~np.isnan(series)[:, None], rate)[:, 0]
        with_gaps = np.where(hidden, np.nan, series)
        return draw_rows(rng, rows_of(with_gaps, self._steps_around(series.shape[1])), ITERATIVE_ROWS)


def rows_of(values: FloatArray, reach: int) -> FloatArray:
    """A row for each step of `values` (..., L, C): its columns from `reach` steps before to `reach` steps after."""
    *lead, _, columns = values.shape
    edge = np.full((*lead, reach, columns), np.nan)
    padded = np.concatenate([edge, values, edge], axis=-2)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=-2)  # (..., L, C, 2 * reach + 1)
    return np.swapaxes(near, -1, -2).reshape(-1, (2 * reach + 1) * columns)


def draw_rows(rng: np.random.Generator, rows: FloatArray, most: int) -> FloatArray:
    """At most `most` random rows, drawn without replacement, in their original order."""
    return rows[np.sort(rng.permutation(len(rows))[:most])]
