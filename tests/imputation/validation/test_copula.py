"""Correlation of drawn errors over time and between columns."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.special import ndtr

from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_factors import EXACT_COLUMNS, FACTORS
from latentfill.imputation.validation.copula import Copula
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.intervals import Calibration


def test_draws_have_the_spread_and_the_correlation_over_time_of_errors():
    """The errors follow an AR(1) process with coefficient 0.8."""
    rng = np.random.default_rng(0)
    t = 4000
    process = np.empty(t)
    process[0] = 0
    for i in range(1, t):
        process[i] = 0.8 * process[i - 1] + 0.6 * rng.normal()
    cells = np.ones((t, 1), dtype=bool)
    values = np.full((t, 1), np.nan)
    values[0] = values[-1] = 0.0
    cells[0] = cells[-1] = False
    errors_sample = ErrorSample(Cells.at(cells, values), process[1:-1], np.zeros((t - 2, 1)))
    calibration = Calibration.fit(errors_sample, errors_sample.where(np.zeros(t - 2, dtype=bool)))
    assert calibration.copula.persistence == pytest.approx(0.8, abs=0.05)
    draw = calibration.draw(rng, errors_sample.cells, calibration.sizes(errors_sample.cells, errors_sample.features))
    assert draw.std() == pytest.approx(process.std(), rel=0.1)
    assert np.corrcoef(draw[:-1], draw[1:])[0, 1] == pytest.approx(0.8, abs=0.05)


def test_draws_have_the_correlation_between_columns_of_errors():
    rng = np.random.default_rng(0)
    t = 3000
    common = rng.normal(size=t)
    errors = np.stack([common, common, rng.normal(size=t)], axis=1) + 0.1 * rng.normal(size=(t, 3))
    step, column = np.nonzero(np.ones((t, 3), dtype=bool))
    zeros = np.zeros(3 * t, dtype=int)
    cells = Cells(shape=(t, 3), step=step, column=column, kind=zeros, gap=step, hiding_round=zeros)
    errors_sample = ErrorSample(cells, errors.ravel(), np.zeros((3 * t, 1)))
    calibration = Calibration.fit(errors_sample, errors_sample.where(np.zeros(3 * t, dtype=bool)))
    draw = calibration.draw(rng, cells, np.ones(3 * t)).reshape(t, 3)
    correlation = np.corrcoef(draw.T)
    assert correlation[0, 1] > 0.9
    assert abs(correlation[0, 2]) < 0.1


def cells_of(mask: np.ndarray) -> Cells:
    """The cells (T, C) where the mask is True, as single gaps of one hiding round."""
    step, column = np.nonzero(mask)
    zeros = np.zeros(len(step), dtype=int)
    return Cells(shape=mask.shape, step=step, column=column, kind=zeros, gap=step, hiding_round=zeros)


def two_factor_errors(steps: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Normal errors (T, C) of variance one with two factors in common, and their correlation matrix (C, C)."""
    rng = np.random.default_rng(0)
    loading = rng.normal(size=(columns, 2))
    loading *= np.sqrt(0.7 / (loading**2).sum(axis=1, keepdims=True))
    errors = rng.normal(size=(steps, 2)) @ loading.T + np.sqrt(0.3) * rng.normal(size=(steps, columns))
    return errors, np.where(np.eye(columns) > 0, 1.0, loading @ loading.T)


@pytest.mark.parametrize("columns", [EXACT_COLUMNS, EXACT_COLUMNS + 1, 3 * EXACT_COLUMNS])
def test_factors_give_the_correlation_of_many_columns_of_which_few_are_hidden_at_a_time(columns: int):
    errors, correlation = two_factor_errors(3000, columns)
    hidden = np.random.default_rng(1).random(errors.shape) < 0.2
    copula = Copula.fit(ndtr(errors[hidden]), cells_of(hidden))
    draw = copula.draw(np.random.default_rng(2), cells_of(np.ones(errors.shape, dtype=bool))).reshape(errors.shape)
    assert draw.std() == pytest.approx(1 / np.sqrt(12), rel=0.02)  # uniform, whatever the share of the factors
    difference = np.corrcoef(draw.T) - correlation
    assert np.sqrt((difference**2).mean()) < 0.12
    assert np.abs(correlation).mean() > 0.3


def test_time_and_memory_for_the_correlation_grow_with_the_columns_and_not_with_their_square():
    columns = 4000
    hidden = np.random.default_rng(0).random((5, columns)) < 0.1
    cells = cells_of(hidden)
    tracemalloc.start()
    copula = Copula.fit(np.random.default_rng(1).random(len(cells)), cells)
    copula.draw(np.random.default_rng(2), cells)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert copula.loading.shape == (columns, FACTORS)
    assert peak < columns**2  # bytes: a matrix (C, C) would have eight times as many


def test_a_column_that_was_never_hidden_is_drawn_independently():
    errors, _ = two_factor_errors(500, 2 * EXACT_COLUMNS)
    hidden = np.ones(errors.shape, dtype=bool)
    hidden[:, 0] = False
    copula = Copula.fit(ndtr(errors[hidden]), cells_of(hidden))
    np.testing.assert_allclose(copula.loading[0], 0, atol=1e-12)


@pytest.mark.parametrize("columns", [3, 2 * EXACT_COLUMNS])
def test_without_two_cells_at_the_same_time_columns_are_independent(columns: int):
    hidden = np.eye(columns, dtype=bool)
    loading = Copula.fit(np.linspace(0.1, 0.9, columns), cells_of(hidden)).loading
    np.testing.assert_allclose(loading @ loading.T * (1 - np.eye(columns)), 0, atol=1e-12)
    assert Copula.independent(columns).draw(np.random.default_rng(0), cells_of(hidden)).std() > 0.1


def test_a_copula_saved_by_an_earlier_version_is_drawn_from_as_before():
    """Earlier versions stored the correlation matrix and drew from its Cholesky factor."""
    together = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.0], [0.2, 0.0, 1.0]])
    copula = Copula.load({"persistence": np.array(0.7), "together": together})
    draw = copula.draw(np.random.default_rng(0), cells_of(np.ones((50, 3), dtype=bool))).reshape(50, 3)
    shocks = np.random.default_rng(0).normal(size=(50, 3)) @ np.linalg.cholesky(together).T
    scores = shocks[:1]
    for shock in shocks[1:]:
        scores = np.vstack([scores, 0.7 * scores[-1] + np.sqrt(1 - 0.7**2) * shock])
    np.testing.assert_allclose(draw, ndtr(scores), atol=1e-5)
