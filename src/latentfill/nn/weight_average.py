"""Averages of a network's weights over its training steps, which err less than the weights of any single step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from latentfill.nn.flat_weights import FlatWeights

DECAY = 0.998  # averages the weights of about the last 500 steps
WARM_UP = 10  # in early steps the decay is smaller, so that the initial weights are soon forgotten


class WeightAverage:
    """An exponential moving average of weights, which begins with their current values."""

    def __init__(self, weights: Tensor) -> None:
        self.values = weights.clone()
        self.steps = 0

    def update(self, weights: Tensor) -> None:
        """Move the average towards the weights after one more training step."""
        self.steps += 1
        self.values.lerp_(weights, 1 - min(DECAY, self.steps / (self.steps + WARM_UP)))


@contextmanager
def averaged_weights(weights: FlatWeights, average: WeightAverage) -> Iterator[None]:
    """Put the module in evaluation mode with its averaged weights inside the block, and restore it afterwards."""
    trained = weights.values.clone()
    weights.values.copy_(average.values)
    weights.module.eval()
    with torch.no_grad():
        yield
    weights.module.train()
    weights.values.copy_(trained)
