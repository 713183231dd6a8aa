"""The optimiser of all networks, and the limit on its gradients."""

from __future__ import annotations

import torch
from torch import Tensor

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class AdamW:
    """AdamW (Loshchilov and Hutter, ICLR 2019) on one vector of weights.

    Those of `torch.optim` import torch's compiler, which takes a second and 75 MB, and work on each layer by itself.
    """

    def __init__(self, weights: Tensor, decay: float) -> None:
        self.weights, self.decay = weights, decay
        self.mean, self.square = torch.zeros_like(weights), torch.zeros_like(weights)
        self.steps = 0

    def step(self, gradient: Tensor, rate: float) -> None:
        """Update the weights once, at a learning rate."""
        (beta, beta_square), self.steps = BETAS, self.steps + 1
        self.mean.lerp_(gradient, 1 - beta)
        self.square.mul_(beta_square).addcmul_(gradient, gradient, value=1 - beta_square)
        unbiased = (1 - beta_square**self.steps) ** 0.5
        scale = self.square.sqrt().div_(unbiased).add_(EPSILON)
        self.weights.mul_(1 - rate * self.decay)
        self.weights.addcdiv_(self.mean, scale, value=-rate / (1 - beta**self.steps))


def clip_norm(gradient: Tensor, most: float) -> None:
    """Shorten a gradient that is longer than `most`."""
    gradient.mul_((most / (gradient.norm() + 1e-6)).clamp(max=1.0))
