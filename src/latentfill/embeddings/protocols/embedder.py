"""The interface of embedders, frozen models that turn windows in original units into vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, IntArray, Series, TimeArray
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import cut


@dataclass(frozen=True, slots=True, eq=False)
class FilledWindows:
    """B windows of L steps and C columns whose gaps are filled."""

    values: FloatArray  # (B, L, C) original units
    scaled: FloatArray  # (B, L, C) scaled units

    def take(self, part: slice | IntArray) -> FilledWindows:
        """Some of the windows."""
        return FilledWindows(self.values[part], self.scaled[part])


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
    smoothed: FilledWindows | None = None  # filled by smoothing the series; only for embedders that ask for it

    def __len__(self) -> int:
        return len(self.values)

    def take(self, part: slice | IntArray) -> RawWindows:
        """Some of the windows."""
        time = None if self.time is None else self.time[part]
        future = None if self.future is None else self.future[part]
        smoothed = None if self.smoothed is None else self.smoothed.take(part)
        values, scaled = self.values[part], self.scaled[part]
        return replace(self, values=values, scaled=scaled, time=time, future=future, smoothed=smoothed)

    @property
    def required_smoothed(self) -> FilledWindows:
        """`smoothed`; raises an `InputError` if these windows have none."""
        if self.smoothed is None:
            raise InputError(
                "the encoder reads windows that are filled by smoothing the series, but these windows have only gaps. "
                "Choose another filling (rough_fill linear, or the input filled), or smooth the series: "
                "TableEmbedder(..., smooth=smoothed_values)."
            )
        return self.smoothed


class Embedder(Protocol):
    """A frozen, deterministic model: equal windows get equal vectors.

    It must fill gaps only from other cells of the window, so that its vectors depend on observed cells only. If it has
    an attribute `reads_smoothed` that is true, its windows also come filled by smoothing the series (`smoothed`). An
    encoder that is trained on the table has a method `fitted_to`, see below.
    """

    @property
    def name(self) -> str:
        """Name of the kind of encoder, such as "timekd"."""
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """All settings that affect the vectors, as JSON values."""
        ...

    @property
    def weights_digest(self) -> str | None:
        """SHA-256 of the weights; None if there are none."""
        ...

    @property
    def length(self) -> int | None:
        """Number of steps that windows must have; None for any number."""
        ...

    @property
    def horizon(self) -> int:
        """Number of steps after a window that the model reads; 0 for imputation."""
        ...

    @property
    def costly(self) -> bool:
        """Whether embedding is too slow for new windows at every training step."""
        ...

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        """Weights drawn at random for `columns` columns, which are stored with the embeddings; usually none."""
        ...

    def embed(self, raw: RawWindows) -> VectorArray:
        """Float32 vectors (B, K, D): one per column (K = C), or one for all columns (K = 1)."""
        ...


def reads_smoothed(embedder: Embedder) -> bool:
    """Whether an embedder asks for windows that are filled by smoothing the series."""
    return bool(getattr(embedder, "reads_smoothed", False))


def fitted_to(embedder: Embedder, series: Series, scaler: ColumnScaler, length: int) -> Embedder:
    """The embedder, trained on a series without hidden cells if it has a method `fitted_to(series, scaler, length)`."""
    train = getattr(embedder, "fitted_to", None)
    trained: Embedder = embedder if train is None else train(series, scaler, length)
    return trained


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
