"""What makes embeddings of windows: anything frozen that turns cells into vectors, and the windows as it sees them."""

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
    """B stretches of L steps and C columns of one table."""

    values: FloatArray  # (B, L, C) original units, NaN where missing
    scaled: FloatArray  # (B, L, C) the same in scaled units, NaN where missing
    time: TimeArray | None  # (B, L) datetime64[ns]
    columns: tuple[str, ...]
    unit: FloatArray  # (C,) original units in one scaled unit
    step: np.timedelta64 | None  # between steps, None where there is no regular time axis
    future: FloatArray | None = None  # (B, H, C) original units: the steps that follow, for those that may see them

    def __len__(self) -> int:
        return len(self.values)

    def take(self, part: slice | IntArray) -> RawWindows:
        """Some of the stretches."""
        time = None if self.time is None else self.time[part]
        future = None if self.future is None else self.future[part]
        return replace(self, values=self.values[part], scaled=self.scaled[part], time=time, future=future)


class Embedder(Protocol):
    """Frozen, and deterministic: the same stretches give the same vectors.

    What it puts into a gap comes from the other cells of the stretch, so its vectors know the observed cells alone.
    """

    @property
    def name(self) -> str:
        """What kind it is, such as "timekd"."""
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """All that its vectors depend on beside its weights and the stretches, JSON values."""
        ...

    @property
    def weights_digest(self) -> str | None:
        """SHA-256 of its weights."""
        ...

    @property
    def length(self) -> int | None:
        """How many steps its stretches must have; None: any number."""
        ...

    @property
    def horizon(self) -> int:
        """How many of the steps after a stretch it looks at; 0: none, and so it is fit for imputation."""
        ...

    @property
    def costly(self) -> bool:
        """Whether a window takes so long that training must not embed new ones at every step."""
        ...

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        """Weights that were drawn for so many columns and that are kept with the embeddings; mostly none."""
        ...

    def embed(self, raw: RawWindows) -> VectorArray:
        """Vectors (B, K, D) float32: one for each column (K = C), or one for all of them (K = 1)."""
        ...


def cut_stretches(series: Series, scaler: ColumnScaler, starts: IntArray, length: int, horizon: int = 0) -> RawWindows:
    """The stretches of a series that begin at `starts`, with the `horizon` steps that follow each."""
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
