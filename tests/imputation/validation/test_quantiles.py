"""Distributions given by their quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.quantiles import (
    LEVELS,
    continuous_ranked_probability,
    group_distributions,
    probability_below,
    quantile,
)


def test_quantiles_are_interpolated_between_the_levels():
    table = np.stack([LEVELS, 10 * LEVELS])
    np.testing.assert_allclose(quantile(table, np.array([0.1234, 0.5])), [0.1234, 5.0])
    np.testing.assert_allclose(quantile(table, np.array([0.0, 1.0])), [0.0, 10.0])


def test_the_ranked_probability_score_of_a_uniform_distribution_matches_its_formula():
    # of the uniform distribution on (0, 1) at x: 1/3 - x + x^2
    x = np.array([0.0, 0.3, 0.5, 1.0])
    table = np.broadcast_to(LEVELS, (4, len(LEVELS)))
    np.testing.assert_allclose(continuous_ranked_probability(table, x), 1 / 3 - x + x**2, atol=2e-3)


def test_the_probability_of_staying_below_a_value_is_the_inverse_of_its_quantile():
    table = np.stack([LEVELS, 10 * LEVELS])
    np.testing.assert_allclose(probability_below(table, np.array([0.25, 2.5])), 0.25, atol=0.005)
    assert probability_below(np.zeros((1, len(LEVELS))), np.zeros(1)).item() == 0.5  # ties count half


def test_a_group_with_many_cells_has_the_distribution_of_its_own_cells():
    rng = np.random.default_rng(0)
    value = np.concatenate([rng.uniform(0, 1, 5000), rng.uniform(4, 6, 5000)])
    column, zeros = np.repeat([0, 1], 5000), np.zeros(10_000, dtype=int)
    cells = Cells(shape=(1, 2), step=zeros, column=column, kind=zeros, gap=zeros, hiding_round=zeros)
    quantiles, mean_size = group_distributions(value, cells)
    assert quantiles[0, 0, 100] == pytest.approx(0.5, abs=0.03)
    assert quantiles[1, 0, 100] == pytest.approx(5.0, abs=0.03)
    np.testing.assert_allclose(mean_size[:, 0], [0.5, 5.0], rtol=0.05)
