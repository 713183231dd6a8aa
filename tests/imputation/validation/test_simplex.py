"""Weights that are not negative and sum to one."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.simplex import (
    MOST_FOR_SUBSETS,
    best_of_subsets,
    by_least_squares,
    simplex_weights,
)


def gram(k: int, seed: int, scale: float = 1.0) -> np.ndarray:
    """Products of the correlated errors of k candidates."""
    rng = np.random.default_rng(seed)
    errors = scale * (rng.normal(size=(k, 40)) * rng.uniform(0.3, 2.0, size=(k, 1)) + rng.normal(size=40))
    return errors @ errors.T


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
def test_least_squares_finds_the_best_of_all_subsets(k: int, scale: float):
    for seed in range(20):
        matrix = gram(k, seed, scale)
        np.testing.assert_allclose(by_least_squares(matrix), best_of_subsets(matrix), atol=1e-6)


@pytest.mark.parametrize("k", [MOST_FOR_SUBSETS + 1, 20])
def test_no_other_weights_of_many_candidates_do_better(k: int):
    matrices = np.stack([gram(k, seed) for seed in range(6)]).reshape(2, 3, k, k)
    weight = simplex_weights(matrices)
    assert weight.shape == (2, 3, k)
    assert (weight >= 0).all()
    np.testing.assert_allclose(weight.sum(axis=-1), 1)
    value = np.einsum("...i,...ij,...j->...", weight, matrices, weight)
    others = np.random.default_rng(0).dirichlet(np.full(k, 0.2), size=2000)
    assert (value <= np.einsum("ni,...ij,nj->...n", others, matrices, others).min(axis=-1) * (1 + 1e-6)).all()


@pytest.mark.parametrize("k", [3, MOST_FOR_SUBSETS + 1])
def test_if_no_candidate_has_an_error_the_first_gets_all_the_weight(k: int):
    assert simplex_weights(np.zeros((1, k, k)))[0].tolist() == [1.0] + [0.0] * (k - 1)


def test_equal_candidates_share_their_weight():
    same = np.ones((10, 10))
    weight = simplex_weights(same[None])[0]
    np.testing.assert_allclose(weight.sum(), 1)
