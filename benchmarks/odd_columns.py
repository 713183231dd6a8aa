"""Columns in which numbers overflow, vanish or are hardly there, and what is wrong with their filled cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from latentfill import Imputer
from latentfill.core.series import FloatArray
from observed_cells import settings_of

ROWS = 60
MARGIN = 0.1  # of the observed range, by which estimates may leave it: the default of the setting
ROUNDING = 1e-12  # of the largest reading


def walk(rows: int = ROWS, seed: int = 0) -> FloatArray:
    return np.cumsum(np.random.default_rng(seed).normal(size=rows))


def signs() -> FloatArray:
    return np.where(np.arange(ROWS) % 3, 1.0, -1.0)


def only(known: list[int]) -> FloatArray:
    values = np.full(ROWS, np.nan)
    values[known] = walk()[known]
    return values


ODD: Final[Mapping[str, tuple[FloatArray, FloatArray]]] = {  # two columns, which both get gaps
    "constant": (np.full(ROWS, 7.0), walk()),
    "all constant": (np.full(ROWS, 7.0), np.zeros(ROWS)),
    "huge": (1e300 * walk(), walk(seed=1)),
    "huge with both signs": (1e302 * signs(), 1e302 * signs()[::-1]),
    "huge and constant": (np.full(ROWS, 1e300), walk()),
    "tiny": (1e-300 * walk(), walk(seed=1)),
    "smallest numbers": (5e-324 * np.round(walk()), 1e-310 * walk()),
    "huge and tiny": (1e300 * walk(), 1e-300 * walk(seed=1)),
    "from tiny to huge": (10.0 ** np.linspace(-300, 300, ROWS), walk()),
    "huge offset": (1e17 + np.round(walk()), 1e17 * np.ones(ROWS)),
    "one observed cell": (only([30]), walk()),
    "two observed cells": (only([0, 59]), walk()),
    "one observed cell in each": (only([0]), only([59])),
    "two rows": (walk(2), walk(2, seed=1)),
    "three rows": (walk(3), walk(3, seed=1)),
    "a single spike": (np.where(np.arange(ROWS) == 20, 1e250, walk()), walk()),
}


def frame_of(columns: tuple[FloatArray, FloatArray]) -> pd.DataFrame:
    """The columns `a` and `b` with gaps; each keeps a reading."""
    values = np.column_stack(columns)
    rows = len(values)
    values[rows // 4 : rows // 2, 0] = values[rows // 2 : rows // 2 + 2, 0] = np.nan
    values[-1 - rows // 5 : -1, 1] = np.nan
    for column, whole in enumerate(columns):
        if np.isnan(values[:, column]).all():
            values[-1, column] = whole[~np.isnan(whole)][-1]
    return pd.DataFrame(values, columns=["a", "b"])


def faults(frame: pd.DataFrame, strategy: str) -> Iterator[str]:
    """What is wrong with the filled cells of a frame, their bounds and two completed tables."""
    imputer = Imputer(strategy=strategy, **settings_of(strategy), intervals=0.9, samples=2).fit(frame)
    filled = imputer.fill(frame).filled
    assert filled.lower is not None
    assert filled.upper is not None
    assert filled.samples is not None
    if not np.isfinite(filled.values).all():
        yield "a cell is not filled, or infinite"
    for name, part in (("lower", filled.lower), ("upper", filled.upper), ("samples", filled.samples)):
        if np.isinf(part).any():
            yield f"{name}: infinite"
        if np.isnan(part[..., ~np.isnan(filled.expected)]).any():
            yield f"{name}: missing, although the error is known"
    low, high = frame.min().to_numpy(), frame.max().to_numpy()
    reach = MARGIN * (high - low) + ROUNDING * np.maximum(abs(low), abs(high))
    if (filled.values < low - reach).any() or (filled.values > high + reach).any():
        yield "a value is further from the readings than the margin allows"
    if (filled.lower > filled.values).any() or (filled.upper < filled.values).any():
        yield "a value is outside its bounds"
