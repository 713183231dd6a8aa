"""What an encoder of any origin takes, in a few words: "filled,observed:BCL" are two tensors (B, C, L)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from latentfill.core.config import split_names
from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.encoder import tensor
from latentfill.windows.gaps import interpolate


def _scaled(raw: RawWindows) -> FloatArray:
    """Scaled units, 0 where missing."""
    return np.nan_to_num(raw.scaled)


def _filled(raw: RawWindows) -> FloatArray:
    """Scaled units, straight lines across the gaps of each stretch, 0 where a column is empty."""
    return np.nan_to_num(interpolate(raw.scaled))


def _raw(raw: RawWindows) -> FloatArray:
    """Original units, NaN where missing: for models that mask NaN themselves. No number would do for all columns."""
    return raw.values


def _observed(raw: RawWindows) -> FloatArray:
    """1 where a value was read, 0 where it is missing."""
    return (~np.isnan(raw.values)).astype(float)


VIEWS: Mapping[str, Callable[[RawWindows], FloatArray]] = {
    "filled": _filled,
    "scaled": _scaled,
    "raw": _raw,
    "observed": _observed,
}


def _by_column(view: FloatArray) -> FloatArray:
    """(B * C, L): each column of each stretch by itself."""
    return view.transpose(0, 2, 1).reshape(-1, view.shape[1])


# B stretches, L steps, C columns; N = B * C, for models that read one column at a time
ORDERS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "BLC": lambda view: view,
    "BCL": lambda view: view.transpose(0, 2, 1),
    "NL": _by_column,
    "N1L": lambda view: _by_column(view)[:, None, :],
    "NL1": lambda view: _by_column(view)[:, :, None],
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Views of a stretch, given one after the other, and the order of their axes."""

    views: tuple[str, ...] = ("filled",)
    order: str = "BLC"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of "VIEW,VIEW:ORDER"; either part may be left out."""
        views, _, order = text.partition(":")
        return cls(split_names(views) or ("filled",), order.strip().upper() or "BLC")

    def __post_init__(self) -> None:
        problems = [did_you_mean("view", name, VIEWS) for name in self.views if name not in VIEWS]
        if self.order not in ORDERS:
            problems.append(did_you_mean("order of axes", self.order, ORDERS))
        if problems:
            raise InputError(f"inputs: {'; '.join(problems)}. Write them as filled,observed:BLC.")

    def __str__(self) -> str:
        return f"{','.join(self.views)}:{self.order}"

    @property
    def by_column(self) -> bool:
        """Whether each column is given by itself."""
        return self.order.startswith("N")

    def tensors(self, raw: RawWindows, device: torch.device) -> list[Tensor]:
        """Float32, one for each view."""
        return [tensor(ORDERS[self.order](VIEWS[view](raw)), device) for view in self.views]
