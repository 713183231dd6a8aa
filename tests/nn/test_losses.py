from __future__ import annotations

import numpy as np
import pytest
import torch

from latentfill.nn.losses import BALANCE, LEAST_SPREAD_IN_LOSS, OUTLIER, balanced_huber, masked_mse


def test_masked_mse_uses_only_the_chosen_cells_and_ignores_nan_elsewhere():
    estimate, target = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, torch.nan, 1.0])
    cells = torch.tensor([True, False, True])
    assert masked_mse(estimate, target, cells).mean.item() == (1 + 4) / 2
    assert masked_mse(estimate, target, torch.zeros(3, dtype=torch.bool)).mean.item() == 0


def test_masked_mse_has_finite_gradients_next_to_nan():
    estimate = torch.ones(3, requires_grad=True)
    masked_mse(estimate, torch.tensor([0.0, torch.nan, 1.0]), torch.tensor([True, False, True])).mean.backward()
    assert torch.isfinite(estimate.grad).all()


def cells_of(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)[None, :, None]


def everywhere(like: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(like, dtype=torch.bool)


@pytest.mark.parametrize("spread", [0.5, 1.0, 3.0])
def test_with_equal_spreads_and_small_errors_the_balanced_loss_is_the_mse(spread: float):
    cells, truth = torch.rand(2, 6, 3) > 0.5, torch.randn(2, 6, 3)
    estimate = truth + spread * (2 * torch.rand(2, 6, 3) - 1)  # well inside 1.5 spreads
    balanced = balanced_huber(estimate, truth, cells, torch.full_like(truth, spread))
    torch.testing.assert_close(balanced.mean, masked_mse(estimate, truth, cells).mean)


def test_errors_far_beyond_their_spread_count_linearly():
    error = cells_of(8.0)
    # 4 spreads of 2, so 2 * 1.5 * 4 - 1.5^2 = 9.75 squared spreads of 4
    assert balanced_huber(error, cells_of(0.0), everywhere(error), cells_of(2.0)).mean.item() == pytest.approx(9.75 * 4)


def test_the_loss_and_its_slope_are_continuous_where_the_loss_becomes_linear():
    found = []
    for error in (OUTLIER - 1e-6, OUTLIER + 1e-6):
        estimate = cells_of(error).requires_grad_()
        loss = balanced_huber(estimate, cells_of(0.0), everywhere(estimate), cells_of(1.0)).mean
        loss.backward()
        found.append((loss.item(), estimate.grad.item()))
    np.testing.assert_allclose(found, [(OUTLIER**2, 2 * OUTLIER)] * 2, atol=1e-5)


def test_cells_with_a_smaller_spread_count_more():
    """A spread ten times smaller gives 0.01 ** -0.8 times the gradient for the same error."""
    assert BALANCE == 0.8
    spread, error = cells_of(0.1, 1.0), cells_of(0.05, 0.05).requires_grad_()
    balanced_huber(error, cells_of(0.0, 0.0), everywhere(error), spread).mean.backward()
    small_spread, large_spread = error.grad.flatten()
    torch.testing.assert_close(small_spread / large_spread, torch.tensor(0.01**-0.8, dtype=torch.float64))


def test_spreads_count_as_the_least_spread_at_least():
    """Otherwise a cell with a spread of zero would have an infinite weight."""
    error, truth = cells_of(0.01, 0.01), cells_of(0.0, 0.0)
    certain = balanced_huber(error, truth, everywhere(error), cells_of(0.0, 1.0)).mean
    least = balanced_huber(error, truth, everywhere(error), cells_of(LEAST_SPREAD_IN_LOSS, 1.0)).mean
    assert certain.item() == least.item() > 0


def test_the_balanced_loss_uses_only_the_chosen_cells_and_ignores_nan_elsewhere():
    estimate = cells_of(1.0, 50.0, 0.5).requires_grad_()
    cells = cells_of(1, 0, 1).bool()
    loss = balanced_huber(estimate, cells_of(0.0, torch.nan, 0.0), cells, cells_of(1.0, 0.0, 1.0)).mean
    assert loss.item() == pytest.approx((1 + 0.25) / 2)
    loss.backward()
    assert estimate.grad.flatten().tolist() == [1.0, 0.0, 0.5]


def test_the_balanced_loss_without_cells_is_zero_with_zero_gradient():
    estimate = torch.ones(1, 4, 2, requires_grad=True)
    none = torch.zeros(1, 4, 2, dtype=torch.bool)
    loss = balanced_huber(estimate, torch.full((1, 4, 2), torch.nan), none, torch.ones(1, 4, 2)).mean
    assert loss.item() == 0
    loss.backward()
    assert (estimate.grad == 0).all()
