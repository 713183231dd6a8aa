"""No strategy lets NaN or infinity out, and all estimates keep to the limits of their column, also in odd columns."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.config import AUTO
from latentfill.core.strategy_table import STRATEGIES
from latentfill.imputation.imputation import Imputation

NAMES = (AUTO, *STRATEGIES)
Load = Callable[[str], ModuleType]
FEW = 2  # odd tables of each strategy; benchmarks/promises.py fills all of them with all strategies


def fill(load: Load, frame: pd.DataFrame, name: str, **settings: Any) -> Imputation:
    return Imputer(strategy=name, **load("observed_cells").settings_of(name), **settings).fit(frame).fill(frame)


@pytest.mark.parametrize(("number", "name"), list(enumerate(NAMES)))
def test_what_is_filled_is_finite_and_near_the_readings(load: Load, number: int, name: str):
    odd = load("odd_columns")
    for first in range(FEW):
        table = list(odd.ODD)[(number + first * len(odd.ODD) // FEW) % len(odd.ODD)]
        assert list(odd.faults(odd.frame_of(odd.ODD[table]), name)) == [], table


@pytest.mark.parametrize("name", NAMES)
def test_a_column_without_a_reading_stays_empty_and_changes_no_other(load: Load, name: str):
    odd = load("odd_columns")
    frame = odd.frame_of((odd.walk(), odd.walk(seed=1)))
    filled = fill(load, frame.assign(c=np.nan), name).filled.values
    assert np.isnan(filled[:, 2]).all()
    assert np.isfinite(filled[:, :2]).all()


KINDS: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "direction": (lambda rng, n: np.cumsum(rng.normal(0, 25, n)) % 360, lambda x: (x >= 0) & (x <= 360)),
    "rain": (lambda rng, n: np.maximum(rng.normal(-1, 2, n), 0), lambda x: x >= 0),
    "flag": (lambda rng, n: (rng.random(n) < 0.3).astype(float), lambda x: np.isin(x, (0, 1))),
    "code": (lambda rng, n: rng.choice([10.0, 20.0, 70.0], n), lambda x: np.isin(x, (10, 20, 70))),
    "count": (lambda rng, n: rng.poisson(9, n).astype(float), lambda x: (x == np.round(x)) & (x >= 0)),
    "meter": (lambda rng, n: 50 + np.cumsum(rng.exponential(2, n)), lambda x: np.diff(x, prepend=x[0]) >= -1e-9),
    "limited": (lambda rng, n: rng.normal(size=n), lambda x: (x >= -0.25) & (x <= 0.5)),
}
GIVEN = {"direction": "circular:360", "flag": "flag", "code": "code", "meter": "counter"}


@pytest.mark.parametrize("name", NAMES)
def test_estimates_are_possible_values_of_their_column(load: Load, name: str):
    rng = np.random.default_rng(0)
    columns = {column: make(rng, 100) for column, (make, _) in KINDS.items()}
    frame = pd.DataFrame(columns)
    frame[rng.random(frame.shape) < 0.1] = np.nan
    frame.iloc[60:70] = np.nan
    kinds = ",".join(f"{column}={kind}" for column, kind in GIVEN.items())
    filled = fill(load, frame, name, kind=kinds, minimum="limited=-0.25", maximum="limited=0.5", non_negative="rain")
    values = pd.DataFrame(filled.filled.values, columns=list(columns))
    missing = frame.isna()
    for column, (_, is_possible) in KINDS.items():
        checked = values[column] if column == "meter" else values[column][missing[column]]
        assert is_possible(checked.to_numpy()).all(), column
