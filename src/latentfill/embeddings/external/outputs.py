"""From what an encoder returns to embeddings of shape (B, K, D)."""

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
    """Reads the output of an encoder; an `InputError` where it cannot be an embedding."""

    encoder: str  # its name in messages
    by_column: bool  # whether it was given each column by itself

    def tensor_in(self, output: object) -> Tensor:
        """The one tensor or array in an output, which may be inside a tuple, list or dictionary."""
        parts: list[object] = [output]
        if isinstance(output, Mapping | tuple | list):
            parts = list(output.values() if isinstance(output, Mapping) else output)
        tensors = [part for part in parts if isinstance(part, Tensor | np.ndarray)]
        if len(tensors) != 1:
            raise InputError(
                f"{self.encoder} returns a {type(output).__name__} with {len(tensors)} tensors, one is needed. Write a "
                "function that calls it and returns the tensor to use: module:package.function."
            )
        found = tensors[0] if isinstance(tensors[0], Tensor) else torch.tensor(tensors[0])
        return found if found.ndim else found[None]

    def embeddings(self, output: Tensor, windows: int, columns: int) -> Tensor:
        """Float32 embeddings (B, K, D): one per column (K = C), or one per window (K = 1); patches are averaged.

        Averaging follows MOMENT (Goswami et al., ICML 2024), which does so for all tasks but forecasting. Concatenated
        patches would keep the order of events, in vectors of thousands of numbers that a decoder cannot learn to read
        from one series.
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
        found = output.reshape(target).float()
        return found.mean(dim=2) if found.ndim == 4 else found

    def _misshapen(self, shape: tuple[int, ...], windows: int, columns: int) -> str:
        kinds = "(B, D), (B, C, D) or (B, C, patches, D) with B"
        if self.by_column:
            kinds = f"(N, D) or (N, patches, D) with N={windows * columns}, B"
        return (
            f"{self.encoder} returns shape {shape} for {windows} windows of {columns} columns. It must return real "
            f"numbers of shape {kinds}={windows}, C={columns}."
        )
