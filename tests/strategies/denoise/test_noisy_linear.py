"""A linear layer that reads an embedding with noise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from latentfill.strategies.denoise.noisy_linear import NoisyLinear

MANY = 40_000


def layer_of(inputs: int, outputs: int) -> NoisyLinear:
    torch.manual_seed(0)
    return NoisyLinear(inputs, outputs)


def covariance_of(outputs: Tensor) -> Tensor:
    return torch.cov(outputs.detach().T)


@pytest.mark.parametrize(("inputs", "outputs"), [(40, 3), (3, 5), (4, 4)])
def test_outputs_vary_as_if_the_inputs_had_noise(inputs: int, outputs: int):
    layer, x = layer_of(inputs, outputs), torch.randn(inputs)
    noisy = layer(x.expand(MANY, inputs), torch.full((MANY,), 0.3))
    torch.testing.assert_close(noisy.mean(0), nn.Linear.forward(layer, x), atol=0.01, rtol=0)
    expected = 0.09 * layer.weight @ layer.weight.T
    torch.testing.assert_close(covariance_of(noisy), expected.detach(), atol=0.003, rtol=0.05)


@pytest.mark.parametrize(("inputs", "outputs"), [(40, 3), (3, 5)])
def test_the_expected_gradient_is_that_of_noise_in_the_inputs(inputs: int, outputs: int):
    layer, x = layer_of(inputs, outputs), torch.randn(inputs)
    layer(x.expand(MANY, inputs), torch.full((MANY,), 0.3)).square().sum(1).mean().backward()
    found = layer.weight.grad
    layer.weight.grad = None
    nn.Linear.forward(layer, x + 0.3 * torch.randn(MANY, inputs)).square().sum(1).mean().backward()
    torch.testing.assert_close(found, layer.weight.grad, atol=0.02, rtol=0.02)


@pytest.mark.parametrize(("inputs", "outputs"), [(8, 3), (3, 8)])
def test_each_window_has_its_own_noise_and_columns_differ(inputs: int, outputs: int):
    layer, x = layer_of(inputs, outputs), torch.randn(2, 5, inputs)
    clean = nn.Linear.forward(layer, x)
    added = layer(x, torch.tensor([0.0, 1.0])) - clean
    torch.testing.assert_close(added[0], torch.zeros_like(added[0]), atol=1e-6, rtol=0)
    assert len(added[1].round(decimals=4).unique(dim=0)) == 5
    assert torch.equal(layer(x), clean)


def test_a_layer_of_zeros_adds_nothing():
    layer = layer_of(8, 3)
    nn.init.zeros_(layer.weight)
    noisy = layer(torch.ones(4, 8), torch.ones(4))
    torch.testing.assert_close(noisy, layer.bias.expand(4, 3), atol=1e-15, rtol=0)
