"""Dynamic factors: their number, and what they tell about missing cells."""

from __future__ import annotations

import tracemalloc

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space import factors as module
from latentfill.strategies.state_space.factors import count_factors, learn_factors, smooth_series

T, C = 400, 20


def table(n_factors: int = 2) -> tuple[FloatArray, FloatArray]:
    """A series (T, C) of standard columns that follow autoregressive factors, and the same with gaps."""
    rng = np.random.default_rng(0)
    hidden = np.zeros((T, n_factors))
    for step in range(1, T):
        hidden[step] = 0.9 * hidden[step - 1] + rng.normal(size=n_factors)
    truth = hidden @ rng.normal(size=(n_factors, C)) + 0.5 * rng.normal(size=(T, C))
    truth = (truth - truth.mean(axis=0)) / truth.std(axis=0)
    return truth, np.where(rng.random((T, C)) < 0.3, np.nan, truth)


def test_the_number_of_factors_is_found():
    assert count_factors(table(2)[1]) == 2
    assert count_factors(table(4)[1]) == 4


def test_unrelated_columns_and_empty_tables_have_one_factor():
    assert count_factors(np.random.default_rng(0).normal(size=(100, 3)) * 0.9) == 1
    assert count_factors(np.full((100, 3), np.nan)) == 1


def test_factors_explain_the_missing_cells_of_the_columns_that_follow_them():
    truth, values = table()
    model = learn_factors(values, 2, np.random.default_rng(0))
    found = smooth_series(model, values) @ model.loadings.T
    gaps = np.isnan(values)
    assert np.mean((found - truth)[gaps] ** 2) < 0.25 * np.mean(truth[gaps] ** 2)
    assert model.n_factors == 2
    assert (model.rest > 0).all()


def test_stretches_smoothed_one_by_one_give_the_same(monkeypatch):
    _, values = table()
    model = learn_factors(values, 2, np.random.default_rng(0))
    windows = values.reshape(8, 50, C)
    together = smooth_series(model, windows)
    monkeypatch.setattr(module, "AT_ONCE", 1)
    np.testing.assert_allclose(smooth_series(model, windows), together, atol=1e-10)


def test_learning_factors_repeats_itself_for_a_seed():
    _, values = table()
    first, second = (learn_factors(values[:100], 2, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first.loadings, second.loadings)
    np.testing.assert_array_equal(first.dynamics.coefficients, second.dynamics.coefficients)


def test_more_columns_than_steps_have_the_factors_of_their_correlation_without_its_matrix():
    rng = np.random.default_rng(0)
    n_steps, n_columns = 40, 3000
    common = rng.normal(size=(n_steps, 2)) @ rng.normal(size=(2, n_columns))
    values = common + 0.5 * rng.normal(size=common.shape)
    values /= values.std(axis=0)
    few = values[:, :200]
    expected = np.linalg.eigvalsh(few.T @ few / n_steps)
    found, vectors = module._spectrum(few)
    np.testing.assert_allclose(found[-2:], expected[-2:] - ((few**2).mean() - 1), rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors[:, -2:], axis=0), 1.0, rtol=1e-6)
    assert count_factors(values) == 2
    tracemalloc.start()
    learn_factors(np.where(rng.random(values.shape) < 0.1, np.nan, values), 2, rng)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * n_columns**2 / 2  # bytes of half a matrix of all pairs of columns
