"""Covariates as the last columns of a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import name_columns
from latentfill.core.series import Series
from latentfill.tables.covariates import Covariates


def with_covariates(series: Series, covariates: Covariates | None, fitted: Sequence[str]) -> Series:
    """The series (T, C + K) with the K covariates of a model, in the order `fitted`, as its last columns.

    Raises an `InputError` that names those that are not among the `covariates`.
    """
    given = covariates.columns if covariates else ()
    if lacking := [name for name in fitted if name not in given]:
        raise InputError(
            f"the model was fitted with the covariates {name_columns(fitted)}; there is no {name_columns(lacking)}. "
            "Give the tables that have them (--with, covariates=), or fit a model without them."
        )
    if not covariates or not fitted:
        return series
    order = [given.index(name) for name in fitted]
    values = np.column_stack([series.values, covariates.values[:, order]])
    return replace(series, values=values, columns=(*series.columns, *fitted))
