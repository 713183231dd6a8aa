"""Fills arrays: many series of equal length (N, L, C), one series (T, C), or such arrays by split."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.causal.refusals import refuse_looking_ahead
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.filling.fill_many import fill_many
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import SeriesModel
from latentfill.tables.options import TableOptions

log = logging.getLogger(__name__)

TRAIN = "train"  # the split that the others are filled from


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Arrays (N, L, C) with the same columns, by split."""

    arrays: Mapping[str, NDArray[Any]]


def impute_array(array: NDArray[Any], imputer: Imputer) -> NDArray[Any]:
    """Fill N series of L steps and C columns (N, L, C), or one series (T, C), with the settings of `imputer`.

    NaN marks missing cells. The result has the shape and the dtype of the array, and its observed cells are unchanged.
    A series without an observed cell stays empty. Raises an `InputError` for arrays that are not numbers, have another
    number of dimensions or hold no observed cell, and for options that name columns or describe files.
    """
    _refuse_settings(imputer)
    panel = Panel.of(array)
    return panel.filled(panel.fit(imputer), imputer) if panel.has_gaps else array.copy()


def impute_splits(splits: Splits, imputer: Imputer) -> dict[str, NDArray[Any]]:
    """Fill the array of each split; with a split `train`, by a model that has learnt from that split alone.

    Otherwise each split is filled by itself. Errors are those of `impute_array`.
    """
    if len({array.shape[-1] for array in splits.arrays.values()}) > 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in splits.arrays.items())
        raise InputError(f"the splits have different numbers of columns: {shapes}. Fill each by itself.")
    if TRAIN not in splits.arrays:
        return {name: impute_array(array, imputer) for name, array in splits.arrays.items()}
    _refuse_settings(imputer)
    panels = {name: Panel.of(array) for name, array in splits.arrays.items()}
    if not any(panel.has_gaps for panel in panels.values()):
        return {name: panel.array.copy() for name, panel in panels.items()}
    model = panels[TRAIN].fit(imputer)
    return {name: panel.filled(model, imputer) for name, panel in panels.items()}


def _refuse_settings(imputer: Imputer) -> None:
    if imputer.options != TableOptions():
        raise InputError("an array has no named columns: leave out the options that say how a table is read.")
    if imputer.covariates or imputer.config.output.intervals is not None or imputer.config.output.samples:
        raise InputError(
            "an array is filled without covariates, and without intervals and samples, which are tables of their own: "
            "leave them out, or give a frame."
        )
    if imputer.config.causal:
        refuse_looking_ahead(imputer.config, with_covariates=False)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """The N series of an array."""

    array: NDArray[Any]  # (N, L, C) or (T, C), which is one series
    series: tuple[Series, ...]  # N

    @classmethod
    def of(cls, array: NDArray[Any]) -> Self:
        """The series in an array; an `InputError` for an array that holds none."""
        _check(array)
        values = array.astype(np.float64).reshape(-1, *array.shape[-2:])
        columns = tuple(str(column) for column in range(values.shape[2]))
        return cls(array, tuple(Series(each, columns, None, np.arange(len(each))) for each in values))

    @property
    def has_gaps(self) -> bool:
        """Whether a cell is missing; whole numbers cannot be."""
        return self.array.dtype.kind == "f" and bool(np.isnan(self.array).any())

    @property
    def known(self) -> list[int]:
        """The series that have an observed cell."""
        return [number for number, each in enumerate(self.series) if each.observed.any()]

    def fit(self, imputer: Imputer) -> SeriesModel:
        """The model of the series; an `InputError` if no cell is observed."""
        series = [self.series[number] for number in self.known]
        if not series:
            raise InputError("the array has no observed cell, so there is nothing to learn from.")
        model = SeriesModel.fit(series, imputer.config, imputer.progress)
        log.info("%s", model.choice.note(len(series)))
        return model

    def filled(self, model: SeriesModel, imputer: Imputer) -> NDArray[Any]:
        """The array with its gaps filled; where no model is shared, each series is filled by one of its own."""
        if not self.has_gaps:
            return self.array.copy()
        known, values = self.known, np.stack([each.values for each in self.series])
        if n_empty := len(self.series) - len(known):
            log.warning("%d of %d series have no observed cell and stay empty.", n_empty, len(self.series))
        for at, filled in _fill([self.series[number] for number in known], model, imputer):
            values[known[at]] = filled
        return np.where(np.isnan(self.array), values.reshape(self.array.shape), self.array).astype(self.array.dtype)


def _check(array: NDArray[Any]) -> None:
    if isinstance(array, np.matrix):
        raise InputError("a matrix has no more than two dimensions: give numpy.asarray(matrix).")
    if array.dtype.names:
        raise InputError("an array with named fields is a table: give a frame, pandas.DataFrame.from_records(array).")
    if isinstance(array, np.ma.MaskedArray):
        raise InputError("a masked array is not read: mark missing cells by NaN, as array.filled(np.nan) does.")
    if array.ndim not in (2, 3) or array.dtype.kind not in "fiu" or not array.size or np.isinf(array).any():
        raise InputError(
            f"an array must hold finite numbers or NaN, of shape (series, steps, columns) or (steps, columns), got "
            f"{array.dtype} of shape {array.shape}."
        )
    if array.shape[-2] < 2:
        raise InputError(f"a series needs at least two steps, got an array of shape {array.shape}.")


def _fill(series: Sequence[Series], model: SeriesModel, imputer: Imputer) -> Iterator[tuple[int, FloatArray]]:
    """The values of each series with its gaps filled, with its position."""
    if model.shared is not None:
        for at, filled in fill_many(model.shared, series):
            yield at, filled.values
        return
    for at, each in enumerate(series):
        yield at, _fill_alone(each, imputer)


def _fill_alone(series: Series, imputer: Imputer) -> FloatArray:
    if imputer.config.causal:
        return PastModels.fit(series, imputer.config).fill_own(series).values
    return fill_series(fit_series(series, imputer.config, FitInputs(progress=imputer.progress)), series).values
