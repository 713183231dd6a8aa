"""Fills a whole table by one method: everything is learnt from the observed cells of the table itself."""

from __future__ import annotations

from typing import get_args

from latentfill.core.config import Config, Effort
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import fit_series
from latentfill.strategies.classes import new_baseline
from methods import BASELINES, DATAFILLER

EFFORTS = get_args(Effort)


def fill(series: Series, method: str, config: Config) -> FloatArray:
    """The values (T, C) with their gaps filled by a simple imputer, by datafiller, or by latentfill.

    For latentfill, `method` is a strategy, or an effort of the default strategy.
    """
    if method == DATAFILLER:
        from datafiller_peer import fill_series as fill_by_datafiller  # needs datafiller

        return fill_by_datafiller(series)
    if method in BASELINES:
        return new_baseline(method).fit(series.values).fill(series.values)
    choice = {"effort": method} if method in EFFORTS else {"strategy": method}
    return fill_series(fit_series(series, config.replace(**choice)), series).values


def kind_of(method: str) -> str:
    """The kind of a method, as results name it."""
    return "peer" if method == DATAFILLER else "baseline" if method in BASELINES else "ours"
