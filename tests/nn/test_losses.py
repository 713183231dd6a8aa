from __future__ import annotations

import torch

from latentfill.nn.losses import BalancedLoss, masked_mse


def test_masked_mse_looks_at_chosen_cells_only_and_may_meet_nan_elsewhere():
    estimate, target = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, torch.nan, 1.0])
    cells = torch.tensor([True, False, True])
    assert masked_mse(estimate, target, cells).item() == (1 + 4) / 2
    assert masked_mse(estimate, target, torch.zeros(3, dtype=torch.bool)).item() == 0


def test_masked_mse_gives_finite_gradients_beside_nan():
    estimate = torch.ones(3, requires_grad=True)
    masked_mse(estimate, torch.tensor([0.0, torch.nan, 1.0]), torch.tensor([True, False, True])).backward()
    assert torch.isfinite(estimate.grad).all()


def test_the_balanced_loss_is_the_plain_one_where_all_cells_are_alike():
    loss, cells = BalancedLoss(torch.device("cpu")), torch.rand(2, 6, 3) > 0.5
    estimate, target, near = torch.randn(2, 6, 3), torch.randn(2, 6, 3), torch.ones(2, 6, 3)
    torch.testing.assert_close(loss(estimate, target, cells, near), masked_mse(estimate, target, cells))


def test_cells_that_are_easier_to_estimate_come_to_count_more():
    """Errors of 0.1 beside an observed cell and of 1 far from any: near cells end up with (0.01) ** -0.8 the weight."""
    loss = BalancedLoss(torch.device("cpu"))
    cells = torch.ones(1, 8, 1, dtype=torch.bool)
    distance = torch.tensor([1.0] * 4 + [20.0] * 4).reshape(1, 8, 1)
    size = torch.tensor([0.1] * 4 + [1.0] * 4).reshape(1, 8, 1)
    estimate = size.clone().requires_grad_()
    for _ in range(600):
        balanced = loss(estimate, torch.zeros(1, 8, 1), cells, distance)
    balanced.backward()
    pull = (estimate.grad / size).flatten()  # gradient of e^2 is 2 w e
    torch.testing.assert_close(pull[0] / pull[-1], torch.tensor(0.01**-0.8), rtol=1e-3, atol=0)
    torch.testing.assert_close(pull.mean(), torch.tensor(2.0 / 8))  # weights have a mean of one


def test_the_balanced_loss_without_cells_is_zero_and_leaves_its_memory():
    loss = BalancedLoss(torch.device("cpu"))
    none = torch.zeros(1, 4, 2, dtype=torch.bool)
    assert loss(torch.ones(1, 4, 2), torch.full((1, 4, 2), torch.nan), none, torch.ones(1, 4, 2)).item() == 0
    assert (loss.error == 1).all()
