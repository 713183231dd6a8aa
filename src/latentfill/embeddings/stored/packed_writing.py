"""Writes packed files one window after the other, as all vectors together may not fit into memory.

The safetensors library can only write arrays that are completely in memory, so this module writes the header itself.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.files import replacing
from latentfill.core.output_paths import check_file_path
from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.protocols.record import Provenance, RecordedTable, VectorArray
from latentfill.embeddings.stored.h5_dataset import columns_and_size
from latentfill.embeddings.stored.packed_digest import UNSEALED, seal
from latentfill.embeddings.stored.packed_file import FLOAT, FORMAT, INT, ITEM_SIZES, RECORD, WEIGHTS, is_packed_file
from latentfill.embeddings.stored.table_arrays import table_arrays

DTYPES: Mapping[str, str] = {"float32": FLOAT, "int64": INT, "float64": "F64", "uint8": "U8"}  # safetensors' names


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


@dataclass(frozen=True, slots=True, eq=False)
class BesideVectors:
    """What a packed file holds beside vectors: the encoder's randomly drawn weights, and the table."""

    weights: Mapping[str, VectorArray] = field(default_factory=dict)
    table: RecordedTable | None = None

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays by name, little-endian; those of the table first, whose numbers take eight bytes."""
        weights = {f"{WEIGHTS}.{name}": np.ascontiguousarray(array, "<f4") for name, array in self.weights.items()}
        return {**(table_arrays(self.table) if self.table else {}), **weights}


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
    beside: BesideVectors | None = None,
    *,
    overwrite: bool = False,
    check: Callable[[Path], None] | None = None,
) -> Path:
    """Write embeddings by split, one window after the other; the file appears complete or not at all.

    `check` is called with the path of the complete file before it gets its name, which an error prevents.
    """
    target = Path(path)
    check_packed_path(target, overwrite=overwrite)
    shapes = {split: SplitShape(*part.shape, part.starts is not None) for split, part in splits.items()}
    with replacing(target) as temporary, temporary.open("wb") as file:
        file.write(packed_header(shapes, provenance, beside or BesideVectors()))
        for split, part in splits.items():
            _write_split(file, split, part)
        file.flush()
        seal(temporary)
        if check is not None:
            check(temporary)
    return target


def packed_header(splits: Mapping[str, SplitShape], provenance: Provenance, beside: BesideVectors) -> bytes:
    """The first bytes of a packed file: its header, the table and the encoder's weights.

    For each split, `starts_bytes` (if it has starts) and then `vector_bytes` must follow; then `seal` the file.
    """
    record = json.dumps({"format": FORMAT, "digest": UNSEALED, "provenance": provenance.to_dict()})
    entries: dict[str, object] = {"__metadata__": {RECORD: record}}
    end = 0
    arrays = beside.arrays
    kinds = [(name, DTYPES[array.dtype.name], array.shape) for name, array in arrays.items()]
    for name, dtype, shape in (*kinds, *_arrays(splits)):
        begin, end = end, end + ITEM_SIZES[dtype] * math.prod(shape)
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)  # aligns the numbers
    return len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in arrays.values())


def _arrays(splits: Mapping[str, SplitShape]) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, type and shape of the arrays of all splits, in the order of their bytes."""
    arrays: list[tuple[str, str, tuple[int, ...]]] = []
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
