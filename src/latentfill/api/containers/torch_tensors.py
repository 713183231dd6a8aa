"""Tensors of PyTorch: (T, C) is one series, (N, L, C) are many."""

from __future__ import annotations

from typing import Any

from latentfill.api.containers.container import Opened
from latentfill.core.errors import InputError
from latentfill.core.libraries import is_of
from latentfill.embeddings.stored.arrays import as_array
from latentfill.tables.options import TableOptions


class TorchTensors:
    """A tensor, read as an array; one of the same type on the same device comes back, without gradients."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "torch", "Tensor")

    def open(self, data: Any, options: TableOptions) -> Opened:
        if str(data.layout) != "torch.strided":
            raise InputError(f"a tensor of layout {data.layout} is not read. Call `.to_dense()` on it first.")
        return Opened(as_array(data), options, data.new_tensor)
