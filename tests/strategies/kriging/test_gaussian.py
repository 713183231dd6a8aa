from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfill.strategies.kriging import gaussian
from latentfill.strategies.kriging.gaussian import (
    Conditional,
    block_toeplitz,
    condition,
    lagged_products,
    lagged_sums,
    precisions,
)

D = 7


def covariance(rng: np.random.Generator, d: int = D) -> np.ndarray:
    root = rng.normal(size=(d, d))
    return root @ root.T + 0.1 * np.eye(d)


def textbook(cov: np.ndarray, x: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and covariance (D, D) of a vector given its observed cells, by the formula with covariances."""
    h, o = np.nonzero(~observed)[0], np.nonzero(observed)[0]
    gain = cov[np.ix_(h, o)] @ np.linalg.inv(cov[np.ix_(o, o)])
    mean, covariance_given = np.where(observed, x, 0.0), np.zeros_like(cov)
    mean[h] = gain @ x[o]
    covariance_given[np.ix_(h, h)] = cov[np.ix_(h, h)] - gain @ cov[np.ix_(o, h)]
    return mean, covariance_given


def conditioned(cov: np.ndarray, x: np.ndarray, observed: np.ndarray) -> Conditional:
    known = torch.from_numpy(np.where(observed, x, 0.0))
    return condition(torch.from_numpy(np.linalg.inv(cov)), known, torch.from_numpy(observed), sum_up=True)


def assert_textbook(cov: np.ndarray, x: np.ndarray, observed: np.ndarray) -> None:
    found = conditioned(cov, x, observed)
    each = [textbook(cov, *vector) for vector in zip(x, observed, strict=True)]
    means, covariance_given = np.stack([mean for mean, _ in each]), np.stack([covariance for _, covariance in each])
    np.testing.assert_allclose(found.mean.numpy(), means, rtol=1e-7, atol=1e-9)
    spread = np.sqrt(covariance_given.diagonal(axis1=1, axis2=2).clip(0))
    np.testing.assert_allclose(found.spread.numpy(), spread, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.summed.numpy(), covariance_given.sum(0), rtol=1e-7, atol=1e-9)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), vectors=st.integers(1, 12), share=st.floats(0, 1))
def test_conditioning_is_the_textbook_formula_for_any_pattern(seed, vectors, share):
    rng = np.random.default_rng(seed)
    assert_textbook(covariance(rng), rng.normal(size=(vectors, D)), rng.random((vectors, D)) < share)


def test_vectors_with_different_counts_of_hidden_cells_are_solved_together():
    rng = np.random.default_rng(0)
    observed = np.arange(D) >= rng.permuted(np.arange(D + 1))[:, None]  # 0, 1, ..., all hidden, in any order
    assert_textbook(covariance(rng), rng.normal(size=(D + 1, D)), rng.permuted(observed, axis=1))


def test_batches_of_one_vector_give_the_same_result(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gaussian, "SOLVED_AT_ONCE", 1)
    rng = np.random.default_rng(1)
    assert_textbook(covariance(rng), rng.normal(size=(9, D)), rng.random((9, D)) < 0.5)


def test_a_vector_without_hidden_cells_is_returned_unchanged():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, D))
    found = conditioned(covariance(rng), x, np.ones((3, D), dtype=bool))
    np.testing.assert_array_equal(found.mean.numpy(), x)
    assert (found.spread == 0).all()
    assert (found.summed == 0).all()


def test_a_vector_without_known_cells_has_mean_zero_and_the_prior_covariance():
    rng = np.random.default_rng(3)
    cov = covariance(rng)
    found = conditioned(cov, rng.normal(size=(4, D)), np.zeros((4, D), dtype=bool))
    assert (found.mean == 0).all()
    np.testing.assert_allclose(found.spread.numpy(), np.tile(np.sqrt(np.diag(cov)), (4, 1)))
    np.testing.assert_allclose(found.summed.numpy(), 4 * cov, rtol=1e-9, atol=1e-9)


def test_known_cells_are_returned_unchanged_with_a_spread_of_zero():
    rng = np.random.default_rng(4)
    x, observed = rng.normal(size=(20, D)), rng.random((20, D)) < 0.5
    found = conditioned(covariance(rng), x, observed)
    np.testing.assert_array_equal(found.mean.numpy()[observed], x[observed])
    assert (found.spread.numpy()[observed] == 0).all()
    assert (found.spread.numpy()[~observed] > 0).all()


def test_the_sum_of_covariances_is_computed_only_on_request():
    eye = torch.eye(2, dtype=torch.float64)
    assert condition(eye, torch.zeros(1, 2).double(), torch.zeros(1, 2, dtype=torch.bool)).summed is None


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1))
def test_a_residual_equals_the_error_after_hiding_its_cell(seed, share):
    rng = np.random.default_rng(seed)
    cov, x, observed = covariance(rng), rng.normal(size=(3, D)), rng.random((3, D)) < share
    known, precision = np.where(observed, x, 0.0), torch.from_numpy(np.linalg.inv(cov))
    found = condition(precision, torch.from_numpy(known), torch.from_numpy(observed), leave_out=True)
    for b, i in np.argwhere(observed):
        others = observed[b].copy()
        others[i] = False
        mean, covariance_given = textbook(cov, x[b], others)
        np.testing.assert_allclose(float(found.residual[b, i]), x[b, i] - mean[i], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(float(found.residual_spread[b, i]), np.sqrt(covariance_given[i, i]), rtol=1e-4)
    assert (found.residual.numpy()[~observed] == 0).all()
    assert (found.residual_spread.numpy()[~observed] == 0).all()


def test_an_empty_batch_can_be_conditioned():
    found = conditioned(np.eye(3), np.empty((0, 3)), np.empty((0, 3), dtype=bool))
    assert (found.mean.shape, found.spread.shape) == ((0, 3), (0, 3))


def test_single_precision_gives_nearly_the_same_result():
    rng = np.random.default_rng(8)
    precision, x = np.linalg.inv(covariance(rng) + np.eye(D)), rng.normal(size=(30, D))
    observed = torch.from_numpy(rng.random((30, D)) < 0.5)
    known = torch.where(observed, torch.from_numpy(x), 0.0)
    exact = condition(torch.from_numpy(precision), known, observed)
    single = condition(torch.from_numpy(precision).float(), known.float(), observed)
    torch.testing.assert_close(single.mean.double(), exact.mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(single.spread.double(), exact.spread, rtol=1e-4, atol=1e-4)


def test_systems_indefinite_in_single_precision_are_solved_in_double():
    # Whole numbers that single precision holds exactly, with determinant 5 m - n^2 = 1, so the inverse has m and 5 on
    # its diagonal. How the square root of 5 is rounded, which depends on the processor, makes some of them indefinite.
    matrices = (torch.tensor([[5.0, n], [n, (n * n + 1) // 5]]) for n in range(6003, 9000, 5))
    precision = next(matrix for matrix in matrices if torch.linalg.cholesky_ex(matrix).info > 0)
    found = condition(precision, torch.zeros(1, 2), torch.zeros(1, 2, dtype=torch.bool))
    torch.testing.assert_close(found.spread, torch.stack([precision[1, 1], precision[0, 0]]).sqrt()[None])


def test_lagged_products_are_the_sums_over_time():
    # two columns of three steps: x = 1, 2, 3 and y = 1, 0, -1
    series = torch.tensor([[1.0, 1.0], [2.0, 0.0], [3.0, -1.0]])
    xx, xy, yx, yy = 1 * 2 + 2 * 3, 1 * 0 + 2 * -1, 1 * 2 + 0 * 3, 1 * 0 + 0 * -1
    assert lagged_products(series, 2)[1].tolist() == [[xx, xy], [yx, yy]]
    assert lagged_products(series, 2)[0].tolist() == [[14, -2], [-2, 2]]


def moving_average(rng: np.random.Generator, length: int, columns: int, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Lagged covariances (L, C, C) of x(t) = sum of B_k e(t - k), and the matrix from noise to a window, (L * C, ·)."""
    b = rng.normal(size=(reach, columns, columns))
    lagged = np.zeros((length, columns, columns))
    for d in range(min(length, reach)):
        lagged[d] = sum(b[k] @ b[k + d].T for k in range(reach - d))
    window = np.zeros((length, columns, length + reach, columns))
    for t in range(length):
        for k in range(reach):
            window[t, :, t - k + reach, :] = b[k]
    return lagged, window.reshape(length * columns, -1)


@pytest.mark.parametrize(("length", "columns", "reach"), [(5, 3, 4), (4, 2, 9), (1, 2, 3), (6, 1, 2)])
def test_block_toeplitz_is_the_covariance_of_a_window_of_a_stationary_series(length, columns, reach):
    lagged, window = moving_average(np.random.default_rng(5), length, columns, reach)
    found = block_toeplitz(torch.from_numpy(lagged)).numpy()
    np.testing.assert_allclose(found, window @ window.T, rtol=1e-12, atol=1e-12)


def test_summing_per_lag_counts_each_lag_as_often_as_a_window_holds_it():
    lagged = torch.randn(4, 2, 2, dtype=torch.float64)
    times = torch.tensor([4.0, 3.0, 2.0, 1.0])[:, None, None]
    torch.testing.assert_close(lagged_sums(block_toeplitz(lagged), 4), lagged * times)


def test_summing_per_lag_is_the_adjoint_of_the_block_toeplitz_matrix():
    lagged, any_matrix = torch.randn(4, 2, 2).double(), torch.randn(8, 8).double()
    lagged[0] = lagged[0] + lagged[0].T
    both_ways = any_matrix + any_matrix.T
    sums = lagged_sums(both_ways, 4)
    sums[1:] *= 2  # a lag lies above the diagonal and below it
    torch.testing.assert_close((block_toeplitz(lagged) * both_ways).sum(), (lagged * sums).sum())


def test_summed_products_of_a_windows_cells_are_its_lagged_products():
    window = torch.randn(5, 3, dtype=torch.float64)
    outer = window.flatten()[:, None] * window.flatten()[None]
    torch.testing.assert_close(lagged_sums(outer, 5), lagged_products(window, 5))


def test_precisions_invert_the_covariance_with_each_noise_added():
    cov = covariance(np.random.default_rng(6))
    noises = (1e-3, 0.5)
    for noise, found in zip(noises, precisions(torch.from_numpy(cov), noises), strict=True):
        np.testing.assert_allclose(found.numpy() @ (cov + noise * np.eye(D)), np.eye(D), atol=1e-9)


def test_precisions_treat_negative_eigenvalues_as_zero():
    rng = np.random.default_rng(7)
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    (found,) = precisions(torch.from_numpy(axes @ np.diag([-0.02, 0.5, 2.0]) @ axes.T), (0.01,))
    expected = axes @ np.diag([1 / 0.01, 1 / 0.51, 1 / 2.01]) @ axes.T
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-9)
    torch.linalg.cholesky(found)  # fails unless it is definite
