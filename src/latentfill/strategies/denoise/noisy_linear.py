"""A linear layer that reads an embedding with noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentfill.nn.distributed import of_share

ROUNDING = 1e-6  # share of the mean variance that is added to all, so that a covariance has a root


class NoisyLinear(nn.Linear):
    """A linear layer whose inputs can have independent Gaussian noise.

    A layer with fewer outputs than inputs draws what the noise adds to its outputs: their distribution is the same, and
    there are fewer numbers to draw (the local reparameterisation of Kingma, Salimans and Welling, NeurIPS 2015).
    """

    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        """The layer of inputs (B, ..., D), with noise of a standard deviation (B,) in each window, or without noise."""
        if noise is None:
            return super().forward(input)
        noise = noise.view(-1, *[1] * (input.dim() - 1))
        if self.out_features >= self.in_features:
            return super().forward(input + noise * of_share(torch.randn, input))
        output = super().forward(input)
        added = noise * (of_share(torch.randn, output) @ self._root().T)
        return output + added.to(output.dtype)

    def _root(self) -> Tensor:
        """The root (out, out) of the covariance of the outputs of noise."""
        with torch.autocast(self.weight.device.type, enabled=False):
            covariance = self.weight @ self.weight.T
            rounding = ROUNDING * covariance.diagonal().mean() + torch.finfo(covariance.dtype).tiny
            one = torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
            root: Tensor = torch.linalg.cholesky(covariance + rounding * one)
        return root
