"""Tables on which a fit may fail: fills stay bounded and finite, and are about as good as linear interpolation."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.fill_warning import FillWarning
from latentfill.imputation.imputation import Imputation
from latentfill.windows.gaps import interpolate

ROWS = 400
SHARE = 0.1  # of the cells that are hidden where nothing else is said


def walks(columns: int, rows: int = ROWS, seed: int = 0) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(size=(rows, columns)), axis=0)


def noise(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns))


def scattered(values: np.ndarray, share: float = SHARE) -> np.ndarray:
    return np.random.default_rng(2).random(values.shape) < share


def between(start: int, stop: int) -> np.ndarray:
    """All cells of these rows, in three columns."""
    hidden = np.zeros((ROWS, 3), dtype=bool)
    hidden[start:stop] = True
    return hidden


def all_of_a_column_but(step: int) -> np.ndarray:
    hidden = np.zeros((ROWS, 3), dtype=bool)
    hidden[:, 1] = True
    hidden[step, 1] = False
    return hidden


def growth(seed: int) -> np.ndarray:
    return np.exp(np.arange(ROWS) / 20)[:, None] * (1 + 0.01 * noise(ROWS, 3, seed))


# The tables of each kind, and the cells that are hidden in each.
TABLES: dict[str, tuple[list[np.ndarray], np.ndarray | None]] = {
    "more columns than rows": ([noise(20, 40)], None),
    "identical columns": ([np.repeat(walks(1), 4, axis=1)], None),
    "constant columns": ([np.concatenate([walks(3), np.full((ROWS, 2), 7.0)], axis=1)], None),
    "many constant columns": ([np.concatenate([walks(5, 300), np.full((300, 15), 3.0)], axis=1)], None),
    "one column": ([walks(1, 700)], None),
    "random walk with drift": ([np.cumsum(1 + noise(ROWS, 3), axis=0)], None),
    "exponential growth": ([growth(seed) for seed in range(4)], None),
    "oscillation": ([np.tile([[1.0, -1.0], [-1.0, 1.0]], (ROWS // 2, 1))], None),
    "two values": ([(noise(ROWS, 3) > 0.5).astype(float)], None),
    "huge values": ([walks(3) * 1e150], None),
    "tiny values": ([walks(3) * 1e-200], None),
    "99 % missing": ([walks(3)], scattered(walks(3), 0.99)),
    "one observed cell in a column": ([walks(3)], all_of_a_column_but(200)),
    "blackout of more than half": ([walks(3, seed=seed) for seed in range(4)], between(80, 320)),
}


@pytest.mark.parametrize("name", TABLES)
def test_fills_are_bounded_finite_and_as_good_as_linear_interpolation(name: str, capfd: pytest.CaptureFixture):
    """In the mean over the tables: gaps like a blackout of half the table cannot be held out."""
    tables, hidden = TABLES[name]
    ratios = [ratio_to_linear(values, scattered(values) if hidden is None else hidden) for values in tables]
    assert not capfd.readouterr().err  # LAPACK and BLAS report to standard error
    assert np.mean(ratios) <= 1.05


def ratio_to_linear(values: np.ndarray, hidden: np.ndarray) -> float:
    """Mean absolute error of the default over that of linear interpolation; the fill must be finite and bounded."""
    gappy = np.where(hidden, np.nan, values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", FillWarning)
        filled = imputation_of(gappy).filled.values
    assert np.isfinite(filled).all()
    assert np.abs(filled).max() <= 2 * np.nanmax(np.abs(gappy))
    scale = np.abs(values).max()
    ours, linear = (np.abs((estimate - values)[hidden] / scale).mean() for estimate in (filled, interpolate(gappy)))
    return float((ours + 1e-9) / (linear + 1e-9))


def imputation_of(gappy: np.ndarray) -> Imputation:
    """By the default settings."""
    table = pd.DataFrame(gappy, columns=[f"c{c}" for c in range(gappy.shape[1])])
    return Imputer().fit(table).fill(table)


def test_a_strategy_that_loses_all_precision_is_left_out_and_the_summary_says_so(monkeypatch: pytest.MonkeyPatch):
    def overflow(*_: object) -> None:
        raise FloatingPointError

    monkeypatch.setattr("latentfill.strategies.state_space.strategy.fit_together", overflow)
    gappy = np.where(scattered(walks(3)), np.nan, walks(3))
    imputation = imputation_of(gappy)
    assert np.isfinite(imputation.filled.values).all()
    assert "overflowed or lost all precision" in imputation.summary["left_out"]["built-in"]["state_space"]
