"""The weights of a network as one vector: a training step takes few operations, however many layers there are."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters


class FlatWeights:
    """The trainable weights of a module and their gradients, one vector each; the module works on the same memory."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self._parameters = [p for p in module.parameters() if p.requires_grad]
        self.values = parameters_to_vector(self._parameters).detach()  # (W,)
        self.gradient = torch.zeros_like(self.values)
        vector_to_parameters(self.values, self._parameters)
        for parameter, part in zip(self._parameters, self._parts(self.gradient), strict=True):
            parameter.grad = part

    def freeze(self) -> None:
        """End the training: give each weight of the module memory of its own, without a gradient."""
        for parameter in self._parameters:
            parameter.data, parameter.grad = parameter.data.clone(), None
        self.module.eval().requires_grad_(False)

    def _parts(self, vector: Tensor) -> list[Tensor]:
        parts = torch.split(vector, [p.numel() for p in self._parameters])
        return [part.view_as(p) for part, p in zip(parts, self._parameters, strict=True)]
