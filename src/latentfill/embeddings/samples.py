"""A sample of stored embeddings, small enough for memory: runs of windows that follow each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentfill.embeddings.bank import Bank
from latentfill.embeddings.base import StoredEmbeddings, VectorArray
from latentfill.embeddings.h5_checks import as_float32, columns_and_size, numeric_dataset
from latentfill.embeddings.h5_file import EmbeddingFile
from latentfill.embeddings.h5_folders import EmbeddingFolder
from latentfill.errors import EmbeddingMismatchError
from latentfill.series import IntArray

MOST_VALUES = 2**26  # float32 values held at once, a quarter of a gigabyte
MOST_COLUMNS = 8  # of the embeddings; more tell little more
MOST_RUNS = 16  # stretches of windows that follow each other, where not all are taken


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Vectors of n windows of one split, in the order of their numbers."""

    vectors: VectorArray  # (n, K, D), K <= MOST_COLUMNS
    numbers: IntArray  # (n,) which windows of the split, counted from 0
    columns: IntArray  # (K,) which of the embeddings' columns


def read_sample(stored: StoredEmbeddings, split: str, most_values: int = MOST_VALUES) -> Sample:
    """The windows of a split, all of them if they fit `most_values`; damage is an error that names the windows."""
    numbers, width = _shape(stored, split)
    columns = np.unique(np.linspace(0, width[0] - 1, MOST_COLUMNS).round().astype(np.int64))
    numbers = spread_runs(numbers, most_values // max(1, len(columns) * width[1]))
    vectors = np.empty((len(numbers), len(columns), width[1]), np.float32)
    if isinstance(stored, EmbeddingFolder):
        found = stored.open(split)
        chosen = replace(found, files={number: found.files[number] for number in numbers.tolist()}, problems=[])
        for row, vector in enumerate(chosen):
            vectors[row] = vector[columns]
    else:
        for part in np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(numbers) > 1) + 1):
            if len(part):
                run = slice(int(numbers[part[0]]), int(numbers[part[-1]]) + 1)
                vectors[part] = _read_run(stored, split, run)[:, columns]
    if not np.isfinite(vectors).all():
        raise EmbeddingMismatchError(f"{split} holds values that are not finite.")
    return Sample(vectors, numbers, columns)


def spread_runs(numbers: IntArray, most: int) -> IntArray:
    """At most so many of the numbers: all, or stretches of neighbours that lie evenly over them."""
    if len(numbers) <= most:
        return numbers
    length = max(1, most // MOST_RUNS)
    first = np.linspace(0, len(numbers) - length, MOST_RUNS).round().astype(np.int64)
    return numbers[np.unique(first[:, None] + np.arange(length))]


def _shape(stored: StoredEmbeddings, split: str) -> tuple[IntArray, tuple[int, int]]:
    """The numbers of the windows that are there, and (columns, size) of a vector."""
    if isinstance(stored, EmbeddingFolder):
        found = stored.open(split)
        return np.array(list(found.files), np.int64), found.shape[1:]
    return np.arange(stored.splits[split]), _read_run(stored, split, slice(0, 1)).shape[1:]


def _read_run(stored: StoredEmbeddings, split: str, run: slice) -> VectorArray:
    """Windows that follow each other, (n, C, D)."""
    if isinstance(stored, Bank):
        return stored.vectors[split][run]
    assert isinstance(stored, EmbeddingFile), f"windows of a {type(stored).__name__} cannot be read"
    import h5py

    with h5py.File(stored.path, "r") as file:
        node = numeric_dataset(file, stored.nodes[split])
        return as_float32(node[run]).reshape(-1, *columns_and_size(node.shape[1:]))
