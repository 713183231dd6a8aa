"""Fills a whole table by one method: everything is learnt from the observed cells of the table itself."""

from __future__ import annotations

from latentfill.core.config import Config
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import fit_series
from latentfill.strategies.classes import new_baseline
from methods import BASELINES, DATAFILLER


def fill(series: Series, method: str, config: Config) -> FloatArray:
    """The values (T, C) with their gaps filled by a simple imputer, by datafiller, or by a strategy of latentfill."""
    if method == DATAFILLER:
        from datafiller_peer import fill_series as fill_by_datafiller  # needs datafiller

        return fill_by_datafiller(series)
    if method in BASELINES:
        return new_baseline(method).fit(series.values).fill(series.values)
    return fill_series(fit_series(series, config.replace(strategy=method)), series).values


def kind_of(method: str) -> str:
    """The kind of a method, as results name it."""
    return "peer" if method == DATAFILLER else "baseline" if method in BASELINES else "ours"
