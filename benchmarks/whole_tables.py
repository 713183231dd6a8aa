"""Fills a whole table by one method: everything is learnt from the observed cells of the table itself."""

from __future__ import annotations

from typing import get_args

from latentfill.core.config import Config, Effort
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import fit_series
from latentfill.windows.scaling import ColumnScaler
from methods import BASELINES, DATAFILLER
from simple import new_simple, scaled_series

EFFORTS = get_args(Effort)


def fill(series: Series, method: str, config: Config) -> FloatArray:
    """The values (T, C) with their gaps filled by a simple imputer, by datafiller, or by latentfill.

    For latentfill, `method` is a strategy, or an effort of the default strategy.
    """
    if method == DATAFILLER:
        from datafiller_peer import fill_series as fill_by_datafiller  # needs datafiller

        return fill_by_datafiller(series)
    if method in BASELINES:
        return fill_simply(series, method)
    choice = {"effort": method} if method in EFFORTS else {"strategy": method}
    return fill_series(fit_series(series, config.replace(**choice)), series).values


def fill_simply(series: Series, method: str) -> FloatArray:
    """The values (T, C) with their gaps filled by a simple method, which sees columns of the same size."""
    scaler = ColumnScaler.fit(series.values)
    scaled = scaled_series(series, scaler)
    return scaler.invert(new_simple(method).fit(scaled).fill(scaled.values, scaled.clock))


def kind_of(method: str) -> str:
    """The kind of a method, as results name it."""
    return "peer" if method == DATAFILLER else "baseline" if method in BASELINES else "ours"
