"""Embeddings of single steps, as TS2Vec makes them, pooled over the steps of each window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.config_settings import Pooling, StoredSettings
from latentfill.core.errors import InputError
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import StoredEmbeddings
from latentfill.embeddings.stored.arrays import EmbeddingArrays
from latentfill.embeddings.stored.h5_file import EmbeddingFile
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.windows.windows import window_starts

Pool = Callable[[NDArray[Any], IntArray, int], NDArray[Any]]  # of steps (K, T, D), starts (N,) and length: (K, N, D)


def pooled(stored: StoredEmbeddings, settings: StoredSettings, n_rows: int) -> StoredEmbeddings:
    """Embeddings of windows: the stored ones, or if those are of the single steps of a table, pooled over windows.

    Embeddings of steps have the shape (T, D), (1, T, D) or (C, T, D), where T is `n_rows`. With the pooling "none" they
    are kept beside their means. Raises an `InputError` if the table is shorter than a window.
    """
    if not isinstance(stored, EmbeddingArrays | EmbeddingFile) or WHOLE not in stored.splits or stored.starts:
        return stored
    axis = _axis_of_steps(stored.shape_of(WHOLE), n_rows)
    if axis is None:
        return stored
    plan = settings.plan
    if n_rows < plan.seq_len:
        raise InputError(
            f"the table has {n_rows} rows, fewer than a window (seq_len={plan.seq_len}). Use shorter windows "
            "(--seq-len)."
        )
    starts = window_starts(n_rows, plan.seq_len, plan.embedding_stride)
    array = stored.read_raw(WHOLE)
    by_column = array[None] if axis == 0 else array
    vectors = POOLS[settings.pooling](by_column, starts, plan.seq_len).swapaxes(0, 1)
    kept = by_column.swapaxes(0, 1).reshape(n_rows, -1).astype(np.float32) if settings.pooling == "none" else None
    layout = f"steps, {settings.pooling}"
    return EmbeddingArrays(stored.path, {WHOLE: vectors}, {WHOLE: starts}, layout=layout, steps=kept)


def _axis_of_steps(shape: tuple[int, ...], n_rows: int) -> int | None:
    """The axis of the steps of a table of `n_rows`; None if an array of this shape has one vector per window."""
    if len(shape) == 2 and shape[0] == n_rows:
        return 0
    return 1 if len(shape) == 3 and shape[1] == n_rows != shape[0] else None


def _mean(steps: NDArray[Any], starts: IntArray, length: int) -> NDArray[Any]:
    sums = np.concatenate([np.zeros_like(steps[:, :1], np.float64), np.cumsum(steps, axis=1, dtype=np.float64)], axis=1)
    means: NDArray[Any] = ((sums[:, starts + length] - sums[:, starts]) / length).astype(np.float32)
    return means


def _max(steps: NDArray[Any], starts: IntArray, length: int) -> NDArray[Any]:
    return np.stack([steps[:, start : start + length].max(axis=1) for start in starts], axis=1)


def _last(steps: NDArray[Any], starts: IntArray, length: int) -> NDArray[Any]:
    last: NDArray[Any] = steps[:, starts + length - 1]
    return last


POOLS: Mapping[Pooling, Pool] = {"mean": _mean, "max": _max, "last": _last, "none": _mean}
