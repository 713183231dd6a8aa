"""The optimiser of all networks, and the limit on its gradients."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class AdamW:
    """AdamW (Loshchilov and Hutter, ICLR 2019) on one vector of weights, in one operation.

    The class of `torch.optim` does the same, but imports torch's compiler, which takes a second and 75 MB.
    """

    def __init__(self, weights: Tensor, decay: float) -> None:
        self.weights, self.decay = weights, decay
        self.mean, self.square = torch.zeros_like(weights), torch.zeros_like(weights)
        self.steps = torch.zeros((), device=weights.device)

    def step(self, gradient: Tensor, rate: float) -> None:
        """Update the weights once, at a learning rate."""
        adamw(
            [self.weights],
            [gradient],
            [self.mean],
            [self.square],
            [],
            [self.steps],
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=rate,
            weight_decay=self.decay,
            eps=EPSILON,
            maximize=False,
        )


def clip_norm(gradient: Tensor, most: float) -> None:
    """Shorten a gradient that is longer than `most`."""
    gradient.mul_((most / (torch.linalg.vector_norm(gradient) + 1e-6)).clamp(max=1.0))
