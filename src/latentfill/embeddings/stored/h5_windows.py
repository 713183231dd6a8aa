"""Reads a folder with one file `{i}.h5` per window, and describes a sample of it."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.hdf5 import opened_hdf5, read_hdf5
from latentfill.core.memory_limit import check_memory
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.stored.h5_dataset import StoredArray, as_vectors, columns_and_size, numeric_dataset
from latentfill.embeddings.stored.h5_fast_read import SameHeaderFiles
from latentfill.embeddings.stored.h5_listing import list_windows
from latentfill.embeddings.stored.h5_names import DATASET
from latentfill.embeddings.stored.h5_summary import read_raw, summarise
from latentfill.embeddings.stored.problems import HDF5_FAILURES, BadWindow, BadWindows, short, unusable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class WindowVectors:
    """Iterates over the vectors (C, D) float32 of a folder, in numeric order.

    Raises `EmbeddingMismatchError` after the last vector, with a list of all problems, if there are any.
    """

    folder: Path
    files: Mapping[int, Path]  # window number -> file
    n_columns: int | None  # number of columns that vectors must have, unless they have only one
    dataset: str
    problems: list[str]  # lines about the names and numbers of the files
    shape: tuple[int, int, int]  # N, C, D; (N, n_columns, 0) if no file can be read

    def __iter__(self) -> Iterator[VectorArray]:
        bad = BadWindows()
        read = _WindowReader(self.n_columns, self.dataset)
        first: tuple[int, tuple[int, ...]] | None = None
        for number, path in self.files.items():
            vector = None
            with bad.catching(number, path):
                vector = read(path)
                first = first or (number, vector.shape)
                if vector.shape != first[1]:
                    raise BadWindow(f"not of the shape {first[1]} of window {first[0]}", f"shape {vector.shape}")
            if vector is not None and vector.shape == self.shape[1:]:
                yield vector
        if problems := self.problems + bad.lines():
            raise EmbeddingMismatchError(unusable(self.folder, problems))


def open_windows(
    folder: Path, n_expected: int | None = None, n_columns: int | None = None, dataset: str = DATASET
) -> WindowVectors:
    """An iterator over the vectors of a folder."""
    listed = list_windows(folder)
    if listed.others:
        logger.info("ignored in %s, not .h5 files: %s", folder, short(listed.others))
    problems = listed.name_problems + listed.number_problems(n_expected)
    shape = _first_shape(listed.files, n_columns, dataset)
    return WindowVectors(folder, listed.files, n_columns, dataset, problems, (len(listed.files), *shape))


def read_windows(
    folder: Path, n_expected: int | None = None, n_columns: int | None = None, dataset: str = DATASET
) -> VectorArray:
    """All vectors of a folder in numeric order, (N, C, D) float32; an `EmbeddingMismatchError` lists all problems."""
    stored = open_windows(folder, n_expected, n_columns, dataset)
    check_memory(4.0 * math.prod(stored.shape), folder)
    vectors = np.empty(stored.shape, np.float32)
    for row, vector in enumerate(stored):
        vectors[row] = vector
    return vectors


def describe_windows(folder: Path, dataset: str = DATASET) -> dict[str, object]:
    """Number, shapes, types and norms of the windows in a folder, as JSON values."""
    listed = list_windows(folder)
    files = listed.files
    count = max(files, default=-1) + 1
    summary, damage = summarise(list(files), lambda number: read_raw(files[number], dataset), files.__getitem__)
    return {
        "count": len(files),
        "n_missing": count - len(files),
        "missing": listed.first_missing(count),
        **summary,
        "problems": listed.name_problems + damage,
    }


def _first_shape(files: Mapping[int, Path], n_columns: int | None, dataset: str) -> tuple[int, int]:
    """(C, D) of the first readable window."""
    read = _WindowReader(n_columns, dataset)
    for path in files.values():
        with suppress(BadWindow, *HDF5_FAILURES):
            vector = read(path)
            return vector.shape[0], vector.shape[1]
    return n_columns or 1, 0


class _WindowReader:
    """Reads the vector (C, D) float32 of each file, with a fast path if only the numbers of files differ."""

    def __init__(self, n_columns: int | None, dataset: str) -> None:
        self.n_columns = n_columns
        self.dataset = dataset
        self.alike: SameHeaderFiles | None = None  # the header of the first file, if it allows fast reading
        self.has_opened_one = False

    def __call__(self, path: Path) -> VectorArray:
        values = self.alike.read(path) if self.alike is not None else None
        if values is None:
            values = self._open(path)
        vector: VectorArray = as_vectors(values[None], self.n_columns)[0]
        n_bad = vector.size - int(np.isfinite(vector).sum())
        if n_bad:
            raise BadWindow("values that are not finite", f"{n_bad} of {vector.size} values")
        return vector

    def _open(self, path: Path) -> StoredArray:
        with opened_hdf5(path) as file:
            node = numeric_dataset(file, self.dataset)
            columns_and_size(node.shape, self.n_columns)  # refuses absurd sizes
            values = read_hdf5(node)
        if not self.has_opened_one:
            self.alike, self.has_opened_one = SameHeaderFiles.like(path, self.dataset), True
        return values
