"""Any torch module or function as an embedder."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from latentfill.core.errors import InputError
from latentfill.embeddings.external.inputs import ORDERS, Inputs
from latentfill.embeddings.external.opened import OpenedEncoder, one_line
from latentfill.embeddings.external.outputs import OutputReader
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.nn.digest import digest_of

CELLS = 1 << 16  # cells embedded at a time, which bounds the memory; 97 windows of 96 steps and 7 columns
FEW_WEIGHTS = 1_000_000  # a model with at most so many weights takes microseconds per window
SAME = 1e-4  # tolerated difference between two calls with the same windows, relative to the largest number
ALIKE = 2e-2  # the same for batches of different sizes, as half precision rounds differently in other shapes


class ModuleEmbedder:
    """Embeds windows with a torch module or function, as (B, 1, D) or (B, C, D)."""

    horizon = 0

    def __init__(self, opened: OpenedEncoder, name: str, device: torch.device, inputs: str | None = None) -> None:
        """`inputs`: text for `Inputs.parse`; by default the inputs that the encoder declares, or filled:BLC."""
        self.opened, self.name, self.device = opened, name, device
        self.inputs = Inputs.parse(inputs or opened.inputs or "")
        self.outputs = OutputReader(self._full_name, self.inputs.by_column)
        if opened.sizes and len(opened.sizes) != len(self.inputs.order):
            raise InputError(
                f"{self._full_name} takes a tensor of {len(opened.sizes)} axes, but {self.inputs} has "
                f"{len(self.inputs.order)}. Choose another order with --inputs: {', '.join(ORDERS)}."
            )
        self.sizes = dict(zip(self.inputs.order, opened.sizes, strict=False))
        self._is_checked = False

    @property
    def reads_smoothed(self) -> bool:
        """Whether one of its inputs is the smoothed series."""
        return "smoothed" in self.inputs.views

    @property
    def settings(self) -> Mapping[str, object]:
        return {**self.opened.source, "inputs": str(self.inputs), "pooling": "mean over patches"}

    @property
    def weights_digest(self) -> str | None:
        return None if self.opened.weights is None else digest_of(self.opened.weights)

    @property
    def length(self) -> int | None:
        return self.sizes.get("L")

    @property
    def costly(self) -> bool:
        weights = self.opened.weights
        return weights is None or sum(weight.numel() for weight in weights.values()) > FEW_WEIGHTS

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        """No weights are drawn at random."""
        return {}

    def embed(self, raw: RawWindows) -> VectorArray:
        """Embeddings (B, K, D).

        The first call raises `InputError` if embeddings are random, or depend on the other windows of a batch.
        """
        count, steps, columns = raw.values.shape
        at_once = max(1, CELLS // (steps * columns))
        parts = [self._embed(raw.take(slice(i, i + at_once))) for i in range(0, count, at_once)]
        if not self._is_checked:
            self._check_repeatable(raw.take(slice(0, at_once)), parts[0])
        return np.concatenate(parts)

    def _embed(self, raw: RawWindows) -> VectorArray:
        output = self._call(self.inputs.tensors(raw, self.device))
        vectors = self.outputs.embeddings(output, len(raw), len(raw.columns)).cpu().numpy()
        if wrong := int((~np.isfinite(vectors)).any(axis=(1, 2)).sum()):
            raise InputError(
                f"{self._full_name} returns values that are not finite for {wrong} of {len(vectors)} windows. Windows "
                "have gaps and may be empty: use filled or scaled values (--inputs filled:BLC), or also pass the mask "
                "(--inputs scaled,observed:BLC)."
            )
        return np.ascontiguousarray(vectors)

    def _call(self, tensors: list[Tensor]) -> Tensor:
        """The output for all rows; if the batch size is fixed, the last batch is padded with its last row."""
        rows = len(tensors[0])
        at_once = self.sizes.get(self.inputs.order[0]) or rows
        padding = -rows % at_once
        batches = torch.arange(rows + padding, device=self.device).clamp(max=rows - 1).reshape(-1, at_once)
        try:
            with torch.inference_mode():
                outputs = [self.opened.call(*(tensor[batch] for tensor in tensors)) for batch in batches]
        except (Exception, SystemExit) as error:  # user code may raise anything
            raise InputError(self._cannot_take(tensors, error)) from error
        joined = torch.cat([self.outputs.tensor_in(output) for output in outputs])
        return joined[: len(joined) - padding]

    def _check_repeatable(self, raw: RawWindows, vectors: VectorArray) -> None:
        """Raise `InputError` if a second call, or a call with one window alone, gives other vectors."""
        largest = float(np.abs(vectors).max())
        if np.abs(self._embed(raw) - vectors).max() > SAME * largest:
            raise InputError(
                f"{self._full_name} returns other vectors in a second call, because of dropout or another random part. "
                "Switch it off (export a module after .eval()), or give it a fixed seed."
            )
        if len(vectors) == 1:  # the batch has no other windows
            return
        if np.abs(self._embed(raw.take(slice(0, 1))) - vectors[:1]).max() > ALIKE * largest:
            raise InputError(
                f"{self._full_name} returns another vector for a window that is embedded alone: vectors depend on the "
                "other windows of a batch. Normalise within each window, or export after .eval()."
            )
        self._is_checked = True

    @property
    def _full_name(self) -> str:
        return f"the encoder {self.name}:{self.opened.source.get('module') or self.opened.source.get('file')}"

    def _cannot_take(self, tensors: list[Tensor], error: BaseException) -> str:
        named = zip(self.inputs.views, tensors, strict=True)
        shapes = ", ".join(f"{view} {tuple(tensor.shape)}" for view, tensor in named)
        return (
            f"{self._full_name} cannot take {shapes}: {one_line(error)}. Declare its inputs with --inputs, such as "
            "filled,observed:BCL, and use windows of the length that it reads."
        )
