from __future__ import annotations

import copy

import torch
from torch import nn

from latentfill.nn.flat_weights import FlatWeights


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 2))


def test_the_vector_holds_all_weights_in_the_order_of_the_layers():
    module = net()
    expected = torch.cat([p.detach().flatten() for p in module.parameters()])
    torch.testing.assert_close(FlatWeights(module).values, expected, rtol=0, atol=0)


def test_the_module_works_with_the_weights_of_the_vector():
    module = net()
    weights = FlatWeights(module)
    weights.values.zero_()
    assert not module(torch.ones(1, 3)).any()


def test_backward_fills_the_gradient_of_the_vector():
    module, x = net(), torch.randn(5, 3)
    other = copy.deepcopy(module)
    other(x).square().sum().backward()
    weights = FlatWeights(module)
    module(x).square().sum().backward()
    torch.testing.assert_close(weights.gradient, torch.cat([p.grad.flatten() for p in other.parameters()]))


def test_weights_that_are_not_trained_are_left_alone():
    module = net()
    module[0].requires_grad_(False)
    assert FlatWeights(module).values.shape == (4 * 2 + 2,)
    assert module[0].weight.grad is None


def test_frozen_weights_share_no_memory_and_have_no_gradient():
    module = net()
    weights = FlatWeights(module)
    weights.freeze()
    before = copy.deepcopy(module.state_dict())
    weights.values.zero_()
    torch.testing.assert_close(module.state_dict(), before)
    assert not module.training
    assert all(p.grad is None and not p.requires_grad for p in module.parameters())
