"""Averages of a network's weights over its training steps, which err less than the weights of any single step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

DECAY = 0.998  # averages the weights of about the last 500 steps
WARM_UP = 10  # in early steps the decay is smaller, so that the initial weights are soon forgotten


def average_of(module: nn.Module) -> AveragedModel:
    """An exponential moving average of the weights of `module`, which begins with its current weights.

    Call its `update_parameters(module)` after every training step. Buffers are copied, not averaged.
    """
    average = AveragedModel(module, multi_avg_fn=_move)
    average.update_parameters(module)  # the first update copies the weights and is counted
    return average


@contextmanager
def averaged_weights(module: nn.Module, average: AveragedModel) -> Iterator[None]:
    """Put `module` in evaluation mode with its averaged weights inside the block, and restore it afterwards."""
    trained = copy_of_weights(module)
    module.load_state_dict(average.module.state_dict())
    module.eval()
    with torch.no_grad():
        yield
    module.train()
    module.load_state_dict(trained)


def copy_of_weights(module: nn.Module) -> dict[str, Tensor]:
    """Copies of parameters and buffers by name, which do not change with the module."""
    return {name: weight.clone() for name, weight in module.state_dict().items()}


def _move(averages: Sequence[Tensor], weights: Sequence[Tensor], steps: Tensor | int) -> None:
    """Move the averages towards the weights after `steps` training steps."""
    decay = min(DECAY, int(steps) / (int(steps) + WARM_UP))
    get_ema_multi_avg_fn(decay)(averages, weights, steps)  # type: ignore[no-untyped-call]
