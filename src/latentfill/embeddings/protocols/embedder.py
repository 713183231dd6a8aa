"""Embedders, frozen models that turn windows into vectors, and the windows in original units that they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from latentfill.core.series import FloatArray, IntArray, Series, TimeArray
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import cut


@dataclass(frozen=True, slots=True, eq=False)
class RawWindows:
    """B windows of L steps and C columns of one table, in original and in scaled units."""

    values: FloatArray  # (B, L, C) original units, NaN where missing
    scaled: FloatArray  # (B, L, C) scaled units, NaN where missing
    time: TimeArray | None  # (B, L) datetime64[ns]
    columns: tuple[str, ...]
    unit: FloatArray  # (C,) size of one scaled unit in original units
    step: np.timedelta64 | None  # between rows; None without a regular time axis
    future: FloatArray | None = None  # (B, H, C) original units: the H steps after each window

    def __len__(self) -> int:
        return len(self.values)

    def take(self, part: slice | IntArray) -> RawWindows:
        """Some of the windows."""
        time = None if self.time is None else self.time[part]
        future = None if self.future is None else self.future[part]
        return replace(self, values=self.values[part], scaled=self.scaled[part], time=time, future=future)


class Embedder(Protocol):
    """A frozen, deterministic model: the same windows give the same vectors.

    What it puts into a gap must come from the other cells of the window, so that its vectors know observed cells only.
    """

    @property
    def name(self) -> str:
        """Its kind, such as "timekd"."""
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """All settings on which its vectors depend, as JSON values."""
        ...

    @property
    def weights_digest(self) -> str | None:
        """SHA-256 of its weights; None if it has none."""
        ...

    @property
    def length(self) -> int | None:
        """Number of steps that windows must have; None if any number will do."""
        ...

    @property
    def horizon(self) -> int:
        """Number of steps after a window that it reads; only 0 is fit for imputation."""
        ...

    @property
    def costly(self) -> bool:
        """Whether a window takes so long that training cannot embed new windows at every step."""
        ...

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        """Weights that it draws at random for so many columns, to be stored with the embeddings; mostly none."""
        ...

    def embed(self, raw: RawWindows) -> VectorArray:
        """Vectors (B, K, D) float32: one for each column (K = C), or one for all columns (K = 1)."""
        ...


def cut_raw_windows(
    series: Series, scaler: ColumnScaler, starts: IntArray, length: int, horizon: int = 0
) -> RawWindows:
    """The windows of a series that start at the rows `starts` (B,), with the `horizon` steps after each."""
    values = cut(series.values, starts, length)
    return RawWindows(
        values=values,
        scaled=scaler.apply(values),
        time=None if series.time is None else series.time[starts[:, None] + np.arange(length)],
        columns=series.columns,
        unit=scaler.scale,
        step=series.step,
        future=cut(series.values, starts + length, horizon) if horizon else None,
    )
