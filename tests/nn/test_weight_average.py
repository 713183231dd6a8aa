from __future__ import annotations

import torch
from torch import nn

from latentfill.nn.weight_average import average_of, averaged_weights, copy_of_weights


def weight(value: float) -> nn.Linear:
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, value)
    return net


def test_the_average_begins_with_the_initial_weights_and_moves_towards_the_new_ones():
    net = weight(1.0)
    average = average_of(net)
    assert average.module.weight.item() == 1
    nn.init.constant_(net.weight, 12.0)
    average.update_parameters(net)  # decay 1 / (1 + 10)
    assert abs(average.module.weight.item() - (1 / 11 * 1 + 10 / 11 * 12)) < 1e-5
    average.update_parameters(net)  # decay 2 / (2 + 10)
    assert abs(average.module.weight.item() - (2 / 12 * 11 + 10 / 12 * 12)) < 1e-5


def test_averaged_weights_are_used_only_inside_the_block():
    net = weight(1.0).train()
    average = average_of(net)
    nn.init.constant_(net.weight, 5.0)
    with averaged_weights(net, average):
        assert (net.weight.item(), net.training, torch.is_grad_enabled()) == (1, False, False)
    assert (net.weight.item(), net.training, torch.is_grad_enabled()) == (5, True, True)


def test_a_copy_of_weights_does_not_change_with_the_module():
    net = weight(1.0)
    copy = copy_of_weights(net)
    nn.init.constant_(net.weight, 5.0)
    assert copy["weight"].item() == 1
