"""Converts the output of an encoder to embeddings (B, K, D)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentfill.core.errors import InputError


@dataclass(frozen=True, slots=True)
class OutputReader:
    """Converts the output of an encoder; raises `InputError` if it cannot be an embedding."""

    encoder: str  # its name in messages
    by_column: bool  # whether the encoder reads columns one by one

    def tensor_in(self, output: object) -> Tensor:
        """The only tensor or array in an output, which may be a tuple, list or dictionary."""
        parts: list[object] = [output]
        if isinstance(output, Mapping | tuple | list):
            parts = list(output.values() if isinstance(output, Mapping) else output)
        tensors = [part for part in parts if isinstance(part, Tensor | np.ndarray)]
        if len(tensors) != 1:
            raise InputError(
                f"{self.encoder} returns a {type(output).__name__} with {len(tensors)} tensors instead of one. Write a "
                "function that calls it and returns the tensor to use: module:package.function."
            )
        tensor = tensors[0] if isinstance(tensors[0], Tensor) else torch.tensor(tensors[0])
        return tensor if tensor.ndim else tensor[None]

    def embeddings(self, output: Tensor, windows: int, columns: int) -> Tensor:
        """Float32 embeddings (B, K, D): one per column (K = C), or one per window (K = 1); patches are averaged.

        MOMENT (Goswami et al., ICML 2024) averages patches too, for all tasks but forecasting. Concatenated patches
        would keep their order, but give vectors of thousands of numbers, too many for a decoder trained on one series.
        """
        shape = tuple(output.shape)
        target = shape
        if self.by_column:
            target = (windows, columns, *shape[1:])
        elif output.ndim == 2:
            target = (shape[0], 1, shape[1])
        fits = len(target) in (3, 4) and target[0] == windows and target[1] in (1, columns)
        if not fits or not output.numel() or output.numel() != math.prod(target) or output.is_complex():
            raise InputError(self._misshapen(shape, windows, columns))
        embeddings = output.reshape(target).float()
        return embeddings.mean(dim=2) if embeddings.ndim == 4 else embeddings

    def _misshapen(self, shape: tuple[int, ...], windows: int, columns: int) -> str:
        kinds = "(B, D), (B, C, D) or (B, C, patches, D) with B"
        if self.by_column:
            kinds = f"(N, D) or (N, patches, D) with N={windows * columns}, B"
        return (
            f"{self.encoder} returns shape {shape} for {windows} windows of {columns} columns. It must return real "
            f"numbers of shape {kinds}={windows}, C={columns}."
        )
