"""Embeddings as arrays: in memory, or in an .npy, .npz, .pt, .safetensors or Parquet file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.libraries import is_of
from latentfill.core.memory_limit import check_memory
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import Provenance, RecordedTable, VectorArray
from latentfill.embeddings.stored.h5_dataset import as_vectors
from latentfill.embeddings.stored.h5_names import SPLITS, WHOLE
from latentfill.embeddings.stored.h5_summary import summarise
from latentfill.embeddings.stored.problems import BadWindow, check_split, count_problems, short, unusable

IN_MEMORY = "arrays in memory"  # stands for the path of arrays that have none


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingArrays:
    """One array for each split, or one for all windows."""

    path: Path
    arrays: Mapping[str, NDArray[Any]]  # split -> (N, ...), or of single steps: (T, D), (1, T, D), (C, T, D)
    starts: Mapping[str, IntArray] = field(default_factory=dict)  # split -> (N,), increasing, if they are given
    layout: str = "arrays"
    table: RecordedTable | None = None  # not recorded, like the horizon
    pred_len: int | None = None
    is_numbered: bool = False
    steps: VectorArray | None = None  # (T, D) embeddings of single steps, from which those of windows were pooled

    @property
    def splits(self) -> Mapping[str, int]:
        return {split: len(array) for split, array in self.arrays.items()}

    @property
    def extents(self) -> Mapping[str, int]:
        return self.splits

    @property
    def provenance(self) -> Provenance:
        """Unknown, as arrays have no record."""
        return Provenance.unknown(self.path)

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """The vectors of a split, (N, C, D) float32; raises an error if N or C is not as expected."""
        check_split(split, self.splits, self.path)
        problems = count_problems(len(self.arrays[split]), n_expected)
        check_memory(4.0 * self.arrays[split].size, f"{self.path}, {split},")  # a tensor may repeat few numbers
        try:
            vectors = as_vectors(self.arrays[split], n_columns)
        except BadWindow as bad:
            problems.append(f"{bad.kind}: {bad.detail}")
        if problems:
            raise EmbeddingMismatchError(unusable(f"{self.path}, {split},", problems))
        return vectors

    def read_raw(self, split: str) -> NDArray[Any]:
        """The array of a split as it is given."""
        return self.arrays[split]

    def shape_of(self, split: str) -> tuple[int, ...]:
        """The shape of the array of a split as it is given."""
        return self.arrays[split].shape

    def describe(self) -> dict[str, object]:
        """Shapes, types and norms of a sample of the windows, as JSON values."""
        splits = {}
        for split, array in self.arrays.items():
            summary, damage = summarise(range(len(array)), array.__getitem__, lambda number: self.path)
            splits[split] = {"count": len(array), "n_missing": 0, "missing": [], **summary, "problems": damage}
        provenance = self.provenance.to_dict()
        return {"path": str(self.path), "layout": self.layout, "splits": splits, "provenance": provenance}


def arrays_of(given: object, starts: ArrayLike | None = None, path: Path = Path(IN_MEMORY)) -> EmbeddingArrays:
    """Embeddings from an array or a tensor of numbers, or a mapping of splits to them.

    `starts` (N,) are the first rows of the windows of a single array, in any order. Raises an `InputError` for anything
    else.
    """
    parts = given if isinstance(given, Mapping) else {WHOLE: given}
    if not parts or not set(parts) <= {*SPLITS, WHOLE} or (WHOLE in parts and len(parts) > 1):
        raise InputError(
            f"{path} holds {short(list(map(str, parts))) or 'no array'}, but embeddings are one array, or one for each "
            f"of {', '.join(SPLITS)}."
        )
    arrays = {str(split): _numbers(part, path) for split, part in parts.items()}
    if starts is None:
        return EmbeddingArrays(path, arrays)
    if WHOLE not in arrays:
        raise InputError("starts go with a single array of embeddings, not with one for each split.")
    rows = np.asarray(starts)
    if rows.shape != arrays[WHOLE].shape[:1] or rows.dtype.kind not in "iu" or len(np.unique(rows)) < len(rows):
        raise InputError(
            f"starts must be {len(arrays[WHOLE])} different whole numbers, the first row of each window, got "
            f"{rows.dtype} of shape {rows.shape}."
        )
    order = np.argsort(rows)
    return EmbeddingArrays(path, {WHOLE: arrays[WHOLE][order]}, {WHOLE: rows[order].astype(np.int64)})


def divide_embeddings(
    given: Mapping[str, object], starts: ArrayLike | None = None
) -> tuple[EmbeddingArrays | None, dict[str, object]]:
    """Embeddings that are given as arrays, not as a path, and the settings, in which `IN_MEMORY` stands for them."""
    embeddings = given.get("embeddings")
    if isinstance(embeddings, os.PathLike):
        return None, {**given, "embeddings": os.fspath(embeddings)}
    if embeddings is None or isinstance(embeddings, str):
        if starts is not None:
            raise InputError("starts are those of an array of embeddings: give it too (embeddings=array).")
        return None, dict(given)
    return arrays_of(embeddings, starts), {**given, "embeddings": IN_MEMORY}


def as_array(given: object) -> NDArray[Any]:
    """An array, a list, or a tensor of PyTorch on any device and of any type, as an array."""
    if not is_of(given, "torch"):
        try:
            return np.asarray(given)
        except (ValueError, TypeError) as error:
            raise InputError(f"a {type(given).__name__} cannot be read as an array: {error}.") from error
    try:
        return _of_tensor(given)
    except (TypeError, RuntimeError) as error:  # sparse, quantised and nested tensors, and those without data
        reason = str(error).rstrip(".")
        raise InputError(f"a tensor cannot be read as an array: {reason}. Give a dense tensor of numbers.") from error


def _of_tensor(given: Any) -> NDArray[Any]:
    tensor = given.detach().cpu()
    is_short = tensor.is_floating_point() and tensor.element_size() < 4  # NumPy lacks some of these types
    return np.asarray(tensor.float() if is_short else tensor)


def _numbers(part: object, path: Path) -> NDArray[Any]:
    """The numbers of an array or a tensor; an error if there are none, or fewer than two axes."""
    array = as_array(part)
    if array.dtype.kind not in "fiu" or array.ndim < 2 or not array.size:
        raise InputError(
            f"{path} holds {array.dtype} of shape {array.shape}, but embeddings are numbers of shape (windows, size) "
            "or (windows, columns, size)."
        )
    return array
