"""Fills arrays: many series of equal length (N, L, C), or one series (T, C)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.filling.fill_many import fill_many
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import SeriesModel
from latentfill.tables.options import TableOptions

log = logging.getLogger(__name__)


def impute_array(array: NDArray[np.generic], imputer: Imputer) -> NDArray[np.generic]:
    """Fill N series of L steps and C columns (N, L, C), or one series (T, C), with the settings of `imputer`.

    NaN marks missing cells. The result has the shape and the dtype of the array, and its observed cells are unchanged.
    A series without an observed cell stays empty. Raises an `InputError` for arrays that are not numbers, have another
    number of dimensions or hold no observed cell, and for options that name columns or describe files.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise InputError("a masked array is not read: mark missing cells by NaN, as array.filled(np.nan) does.")
    if array.ndim not in (2, 3) or array.dtype.kind not in "fiu" or not array.size or np.isinf(array).any():
        raise InputError(
            f"an array must hold finite numbers or NaN, of shape (series, steps, columns) or (steps, columns), got "
            f"{array.dtype} of shape {array.shape}."
        )
    if array.shape[-2] < 2:
        raise InputError(f"a series needs at least two steps, got an array of shape {array.shape}.")
    if imputer.options != TableOptions():
        raise InputError("an array has no named columns: leave out the options that say how a table is read.")
    if imputer.covariates or imputer.config.output.intervals is not None or imputer.config.output.samples:
        raise InputError(
            "an array is filled without covariates, and without intervals and samples, which are tables of their own: "
            "leave them out, or give a frame."
        )
    if array.dtype.kind in "iu":
        return array.copy()  # without gaps
    panels = array.astype(np.float64).reshape(-1, *array.shape[-2:])
    columns = tuple(str(column) for column in range(panels.shape[2]))
    series = [Series(values, columns, None, np.arange(len(values))) for values in panels]
    known = [number for number, each in enumerate(series) if each.observed.any()]
    if not known:
        raise InputError("the array has no observed cell, so there is nothing to learn from.")
    if len(known) < len(series):
        log.warning("%d of %d series have no observed cell and stay empty.", len(series) - len(known), len(series))
    for at, values in _filled([series[number] for number in known], imputer):
        panels[known[at]] = values
    return np.where(np.isnan(array), panels.reshape(array.shape), array).astype(array.dtype)


def _filled(series: Sequence[Series], imputer: Imputer) -> Iterator[tuple[int, FloatArray]]:
    """The values of each series with its gaps filled, with its position."""
    config, progress = imputer.config, imputer.progress
    model = SeriesModel.fit(series, config, progress)
    log.info("%s", model.choice.note(len(series)))
    if model.shared is not None:
        for at, filled in fill_many(model.shared, series):
            yield at, filled.values
        return
    for at, each in enumerate(series):
        yield at, fill_series(fit_series(each, config, FitInputs(progress=progress)), each).values
