"""An encoder of any origin, a torch module or a function, as what makes embeddings of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentfill.core.errors import InputError
from latentfill.embeddings.external.inputs import ORDERS, Inputs
from latentfill.embeddings.external.loading import Opened, in_a_line
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.nn.digest import digest_of

CELLS = 1 << 16  # given to an encoder at a time, which bounds the memory: 97 windows of 96 steps and 7 columns
FEW_WEIGHTS = 1_000_000  # up to so many, a window is a matter of microseconds
SAME = 1e-4  # of the largest number: what two calls with the same windows may differ by
ALIKE = 2e-2  # the same for windows in another company: half precision rounds otherwise in other shapes


class ForeignEmbedder:
    """Whatever an opened encoder makes of windows, as one vector for each (B, 1, D), or for each column (B, C, D)."""

    horizon = 0

    def __init__(self, opened: Opened, name: str, device: torch.device, inputs: str | None = None) -> None:
        """`inputs`: what the encoder takes, as `Inputs` reads; if not given, what it says itself, or filled:BLC."""
        self.opened, self.name, self.device = opened, name, device
        self.inputs = Inputs.parse(inputs or opened.inputs or "")
        if opened.sizes and len(opened.sizes) != len(self.inputs.order):
            raise InputError(
                f"{self._called} takes a tensor of {len(opened.sizes)} axes, {self.inputs} has "
                f"{len(self.inputs.order)}. Say which with --inputs: {', '.join(ORDERS)}."
            )
        self.sizes = dict(zip(self.inputs.order, opened.sizes, strict=False))
        self._proved = False

    @property
    def settings(self) -> Mapping[str, object]:
        return {**self.opened.about, "inputs": str(self.inputs), "pooling": "mean over patches"}

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
        """None: its own are where it comes from."""
        return {}

    def embed(self, raw: RawWindows) -> VectorArray:
        """Vectors (B, K, D); an encoder whose vectors are random, or depend on other windows, is refused."""
        count, steps, columns = raw.values.shape
        at_once = max(1, CELLS // (steps * columns))
        parts = [self._embed(raw.take(slice(i, i + at_once))) for i in range(0, count, at_once)]
        if not self._proved:
            self._prove(raw.take(slice(0, at_once)), parts[0])
        return np.concatenate(parts)

    def _embed(self, raw: RawWindows) -> VectorArray:
        made = self._made(self.inputs.tensors(raw, self.device))
        vectors = self._by_column(made, len(raw), len(raw.columns)).float().cpu().numpy()
        if wrong := int((~np.isfinite(vectors)).any(axis=(1, 2)).sum()):
            raise InputError(
                f"{self._called} gives numbers that are not finite for {wrong} of {len(vectors)} windows. Windows have "
                "gaps and may be empty: let it take filled or scaled values (--inputs filled:BLC), or the mask as well."
            )
        return np.ascontiguousarray(vectors)

    def _made(self, given: list[Tensor]) -> Tensor:
        """What the encoder makes of all rows, or of as many at a time as it always takes, the last ones filled up."""
        rows = len(given[0])
        at_once = self.sizes.get(self.inputs.order[0]) or rows
        surplus = -rows % at_once
        index = torch.arange(rows + surplus, device=self.device).clamp(max=rows - 1).reshape(-1, at_once)
        try:
            with torch.inference_mode():
                answers = [self.opened.call(*(one[part] for one in given)) for part in index]
        except (Exception, SystemExit) as error:  # whatever the encoder does with what it cannot take
            raise InputError(self._cannot_take(given, error)) from error
        made = torch.cat([self._one_tensor(answer) for answer in answers])
        return made[: len(made) - surplus]

    def _one_tensor(self, answer: Any) -> Tensor:
        """The one tensor or array that an encoder returns, by itself or in a tuple, list or dictionary."""
        held = [answer]
        if isinstance(answer, Mapping | tuple | list):
            held = list(answer.values() if isinstance(answer, Mapping) else answer)
        found = [one for one in held if isinstance(one, Tensor | np.ndarray)]
        if len(found) != 1:
            raise InputError(
                f"{self._called} returns a {type(answer).__name__} with {len(found)} tensors, one is needed. Write a "
                "function that calls it and returns the one to use: module:package.function."
            )
        made = found[0] if isinstance(found[0], Tensor) else torch.tensor(found[0])
        return made if made.ndim else made[None]

    def _by_column(self, made: Tensor, windows: int, columns: int) -> Tensor:
        """(B, K, D), patches averaged.

        The mean over patches is what makers of such models take for tasks other than forecasting (MOMENT, Goswami et
        al., ICML 2024). Laid end to end they would keep where in the window each lies, in vectors of thousands of
        numbers, which no decoder learns to read from one series.
        """
        shape = tuple(made.shape)
        wanted = shape
        if self.inputs.by_column:
            wanted = (windows, columns, *shape[1:])
        elif made.ndim == 2:
            wanted = (shape[0], 1, shape[1])
        right = len(wanted) in (3, 4) and wanted[0] == windows and wanted[1] in (1, columns)
        if not right or not made.numel() or made.numel() != math.prod(wanted) or made.is_complex():
            raise InputError(self._misshapen(shape, windows, columns))
        made = made.reshape(wanted).float()
        return made.mean(dim=2) if made.ndim == 4 else made

    def _prove(self, raw: RawWindows, vectors: VectorArray) -> None:
        """Refuse an encoder that gives other vectors for the same windows."""
        largest = float(np.abs(vectors).max())
        if np.abs(self._embed(raw) - vectors).max() > SAME * largest:
            raise InputError(
                f"{self._called} gives other vectors when asked again: dropout or another random part is at work. "
                "Switch it off (export a module after .eval(), or seed what is drawn)."
            )
        if len(vectors) == 1:  # which tells nothing of its company
            return
        if np.abs(self._embed(raw.take(slice(0, 1))) - vectors[:1]).max() > ALIKE * largest:
            raise InputError(
                f"{self._called} gives a window another vector when it is asked for that window alone: its vectors "
                "depend on the other windows of a batch. Normalise within each window, or export after .eval()."
            )
        self._proved = True

    @property
    def _called(self) -> str:
        return f"the encoder {self.name}:{self.opened.about.get('module') or self.opened.about.get('file')}"

    def _cannot_take(self, given: list[Tensor], error: BaseException) -> str:
        shapes = ", ".join(f"{view} {tuple(one.shape)}" for view, one in zip(self.inputs.views, given, strict=True))
        return (
            f"{self._called} cannot take {shapes}: {in_a_line(error)}. Say what it takes with "
            "--inputs, such as filled,observed:BCL, and cut windows of the length that it reads."
        )

    def _misshapen(self, shape: tuple[int, ...], windows: int, columns: int) -> str:
        kinds = "(B, D), (B, C, D) or (B, C, patches, D) with B"
        if self.inputs.by_column:
            kinds = f"(N, D) or (N, patches, D) with N={windows * columns}, B"
        return (
            f"{self._called} returns shape {shape} for {windows} windows of {columns} columns. It must return real "
            f"numbers of shape {kinds}={windows}, C={columns}."
        )
