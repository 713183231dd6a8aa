"""The class of a strategy, found by the strategy's name."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from latentfill.core.strategy_table import STRATEGIES
from latentfill.strategies.protocols.baseline import Baseline
from latentfill.strategies.protocols.correction import Correction
from latentfill.strategies.protocols.series_strategy import SeriesStrategy
from latentfill.strategies.protocols.strategy import Strategy


def baseline_names() -> list[str]:
    """The names of the simple imputers."""
    return [name for name, row in STRATEGIES.items() if row.kind == "baseline"]


def new_baseline(name: str) -> Baseline:
    """An unfitted simple imputer."""
    return cast(type[Baseline], _class_of(name))()


def series_strategy_class(name: str) -> type[SeriesStrategy]:
    """The class of a strategy that estimates a whole series."""
    return cast(type[SeriesStrategy], _class_of(name))


def correction_class(name: str) -> type[Correction]:
    """The class of a strategy that corrects another one."""
    return cast(type[Correction], _class_of(name))


def strategy_class(name: str) -> type[Strategy]:
    """The class of a strategy that works on windows."""
    return cast(type[Strategy], _class_of(name))


def _class_of(name: str) -> object:
    module, _, class_name = STRATEGIES[name].implementation.partition(":")
    return getattr(import_module(module), class_name)
