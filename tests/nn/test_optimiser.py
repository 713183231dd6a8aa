from __future__ import annotations

import pytest
import torch
from torch import nn

from latentfill.nn.optimiser import AdamW, clip_norm


def test_steps_are_those_of_torch():
    ours, theirs = torch.randn(50), nn.Parameter(torch.empty(50))
    theirs.data.copy_(ours)
    optimiser, reference = AdamW(ours, 0.1), torch.optim.AdamW([theirs], weight_decay=0.1)
    for step in range(30):
        gradient, rate = torch.randn(50), 0.01 * (1 + step)
        theirs.grad, reference.param_groups[0]["lr"] = gradient.clone(), rate
        optimiser.step(gradient, rate)
        reference.step()
    torch.testing.assert_close(ours, theirs.detach())


@pytest.mark.parametrize(("length", "kept"), [(4.0, 1.0), (0.5, 0.5)])
def test_only_longer_gradients_are_shortened(length: float, kept: float):
    gradient = length * torch.tensor([0.6, 0.8])
    clip_norm(gradient, 1.0)
    torch.testing.assert_close(gradient, kept * torch.tensor([0.6, 0.8]), rtol=1e-5, atol=0)
