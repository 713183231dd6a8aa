from __future__ import annotations

import torch
from torch import nn

from latentfill.nn.flat_weights import FlatWeights
from latentfill.nn.weight_average import WeightAverage, averaged_weights


def weight(value: float) -> nn.Linear:
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, value)
    return net


def test_the_average_begins_with_the_initial_weights_and_moves_towards_the_new_ones():
    average = WeightAverage(torch.tensor([1.0]))
    assert average.values.item() == 1
    average.update(torch.tensor([12.0]))  # decay 1 / (1 + 10)
    assert abs(average.values.item() - (1 / 11 * 1 + 10 / 11 * 12)) < 1e-5
    average.update(torch.tensor([12.0]))  # decay 2 / (2 + 10)
    assert abs(average.values.item() - (2 / 12 * 11 + 10 / 12 * 12)) < 1e-5


def test_averaged_weights_are_used_only_inside_the_block():
    net = weight(1.0).train()
    weights = FlatWeights(net)
    average = WeightAverage(weights.values)
    weights.values.fill_(5.0)
    with averaged_weights(weights, average):
        assert (net.weight.item(), net.training, torch.is_grad_enabled()) == (1, False, False)
    assert (net.weight.item(), net.training, torch.is_grad_enabled()) == (5, True, True)
