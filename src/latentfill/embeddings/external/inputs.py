"""The inputs of an encoder, declared as text: "filled,observed:BCL" means two tensors of shape (B, C, L)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.series import FloatArray
from latentfill.core.setting_type import split_names
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.nn.tensors import tensor
from latentfill.windows.gaps import interpolate


def _scaled(raw: RawWindows) -> FloatArray:
    """Scaled values, 0 where missing."""
    return np.nan_to_num(raw.scaled)


def _filled(raw: RawWindows) -> FloatArray:
    """Scaled values, gaps interpolated linearly within the window, 0 where a column is empty."""
    return np.nan_to_num(interpolate(raw.scaled))


def _smoothed(raw: RawWindows) -> FloatArray:
    """Scaled values, gaps filled by smoothing the whole series."""
    return raw.required_smoothed.scaled


def _raw(raw: RawWindows) -> FloatArray:
    """Values in original units, NaN where missing, for models that mask NaN."""
    return raw.values


def _observed(raw: RawWindows) -> FloatArray:
    """1 where a cell is observed, 0 where it is missing."""
    return (~np.isnan(raw.values)).astype(float)


VIEWS: Mapping[str, Callable[[RawWindows], FloatArray]] = {
    "filled": _filled,
    "smoothed": _smoothed,
    "scaled": _scaled,
    "raw": _raw,
    "observed": _observed,
}


def _one_column_each(view: FloatArray) -> FloatArray:
    """(B * C, L) from (B, L, C)."""
    return view.transpose(0, 2, 1).reshape(-1, view.shape[1])


# B windows, L steps, C columns; N = B * C, for models that read one column at a time
ORDERS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "BLC": lambda view: view,
    "BCL": lambda view: view.transpose(0, 2, 1),
    "NL": _one_column_each,
    "N1L": lambda view: _one_column_each(view)[:, None, :],
    "NL1": lambda view: _one_column_each(view)[:, :, None],
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The views of windows that an encoder takes, as one tensor each, and the order of their axes."""

    views: tuple[str, ...] = ("filled",)  # keys of `VIEWS`
    order: str = "BLC"  # a key of `ORDERS`

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "VIEW,VIEW:ORDER"; either part may be left out."""
        views, _, order = text.partition(":")
        return cls(split_names(views) or ("filled",), order.strip().upper() or "BLC")

    def __post_init__(self) -> None:
        problems = [did_you_mean("view", name, VIEWS) for name in self.views if name not in VIEWS]
        if self.order not in ORDERS:
            problems.append(did_you_mean("order of axes", self.order, ORDERS))
        if problems:
            raise InputError(f"inputs: {'; '.join(problems)}. Write for example filled,observed:BLC.")

    def __str__(self) -> str:
        return f"{','.join(self.views)}:{self.order}"

    @property
    def by_column(self) -> bool:
        """Whether the encoder reads columns one by one."""
        return self.order.startswith("N")

    def tensors(self, raw: RawWindows, device: torch.device) -> list[Tensor]:
        """One float32 tensor for each view of the windows."""
        return [tensor(ORDERS[self.order](VIEWS[view](raw)), device) for view in self.views]
