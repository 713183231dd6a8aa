"""Writes packed files one window after the other, as all vectors together may not fit into memory.

The safetensors library can only write arrays that are completely in memory, so this module writes the header itself.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.files import check_file_path, replacing
from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.protocols.record import Provenance, VectorArray
from latentfill.embeddings.stored.h5_dataset import columns_and_size
from latentfill.embeddings.stored.packed_file import FLOAT, FORMAT, INT, ITEM_SIZES, RECORD, WEIGHTS, is_packed_file


@dataclass(frozen=True, slots=True)
class SplitShape:
    """The size of one split in a packed file."""

    windows: int  # N
    columns: int  # C
    dim: int  # D
    has_starts: bool  # whether the first rows of the windows are stored too


@dataclass(frozen=True, slots=True, eq=False)
class SplitVectors:
    """The embeddings of one split to pack."""

    shape: tuple[int, int, int]  # N, C, D
    vectors: Iterable[VectorArray]  # N vectors (C, D) float32
    starts: IntArray | None = None  # (N,) first row of each window in its table, if known


def check_packed_path(path: Path, *, overwrite: bool) -> None:
    """Raise an error if the path cannot be written or exists; with `overwrite` it may be a packed file."""
    check_file_path(path)
    if not path.exists():
        return
    if not is_packed_file(path):
        raise InputError(f"{path} exists already and is no packed file. Write somewhere else.")
    if not overwrite:
        raise InputError(f"{path} exists already. Allow it to be overwritten (--overwrite), or write somewhere else.")


def save_packed_file(
    path: str | os.PathLike[str],
    splits: Mapping[str, SplitVectors],
    provenance: Provenance,
    weights: Mapping[str, VectorArray] | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write embeddings by split, one window after the other; the file appears complete or not at all."""
    target = Path(path)
    check_packed_path(target, overwrite=overwrite)
    shapes = {split: SplitShape(*part.shape, part.starts is not None) for split, part in splits.items()}
    with replacing(target) as temporary, temporary.open("wb") as file:
        file.write(packed_header(shapes, provenance, weights or {}))
        for split, part in splits.items():
            _write_split(file, split, part)
    return target


def packed_header(
    splits: Mapping[str, SplitShape], provenance: Provenance, weights: Mapping[str, VectorArray]
) -> bytes:
    """The first bytes of a packed file: its header and the encoder's weights.

    For each split, `starts_bytes` (if it has starts) and then `vector_bytes` must follow.
    """
    record = json.dumps({"format": FORMAT, "provenance": provenance.to_dict()})
    entries: dict[str, object] = {"__metadata__": {RECORD: record}}
    end = 0
    for name, dtype, shape in _arrays(splits, weights):
        begin, end = end, end + ITEM_SIZES[dtype] * math.prod(shape)
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)  # aligns the numbers
    return len(text).to_bytes(8, "little") + text + b"".join(map(vector_bytes, weights.values()))


def _arrays(
    splits: Mapping[str, SplitShape], weights: Mapping[str, VectorArray]
) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, type and shape of all arrays of a packed file, in the order of their bytes."""
    arrays: list[tuple[str, str, tuple[int, ...]]] = [
        (f"{WEIGHTS}.{name}", FLOAT, array.shape) for name, array in weights.items()
    ]
    for split, shape in splits.items():
        columns_and_size((shape.columns, shape.dim))  # refuses absurd sizes
        if shape.has_starts:
            arrays.append((f"{split}.starts", INT, (shape.windows,)))
        arrays.append((f"{split}.vectors", FLOAT, (shape.windows, shape.columns, shape.dim)))
    return arrays


def _write_split(file: BinaryIO, split: str, part: SplitVectors) -> None:
    if part.starts is not None:
        file.write(starts_bytes(part.starts))
    count = 0
    for number, vector in enumerate(part.vectors):
        if not np.isfinite(vector).all():
            raise EmbeddingMismatchError(
                f"the embedding of window {number} of {split} holds values that are not finite. Make it again."
            )
        assert vector.shape == part.shape[1:], f"{split}: {vector.shape} is not {part.shape[1:]}"
        file.write(vector_bytes(vector))
        count += 1
    assert count == part.shape[0], f"{split}: {count} vectors, expected {part.shape[0]}"


def vector_bytes(vectors: VectorArray | FloatArray) -> bytes:
    """Vectors or weights as in a packed file: little-endian float32."""
    return np.ascontiguousarray(vectors, "<f4").tobytes()


def starts_bytes(starts: IntArray) -> bytes:
    """First rows of windows as in a packed file: little-endian int64."""
    return np.ascontiguousarray(starts, "<i8").tobytes()
