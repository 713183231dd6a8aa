"""A packed file: all embeddings of a table in one file; loading it memory-maps the vectors.

The file is in the safetensors format, so other programs can read it too. It contains `{split}.vectors` (N, C, D)
float32, `{split}.starts` (N,) int64 if the windows are known, the encoder's randomly drawn weights as `weights.{name}`
float32, the table that the embeddings were made from (see `table_arrays`) if it is known, and in its metadata, under
"latentfill", a JSON record of how the embeddings were made.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.json_text import parse_json
from latentfill.core.memory_limit import check_memory
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import Provenance, RecordedTable, VectorArray
from latentfill.embeddings.stored.h5_names import SPLITS, WHOLE
from latentfill.embeddings.stored.h5_summary import summarise
from latentfill.embeddings.stored.packed_digest import is_intact
from latentfill.embeddings.stored.problems import check_split, count_problems, unusable
from latentfill.embeddings.stored.table_arrays import table_of

FORMAT, READABLE = 4, (2, 3, 4)  # format 2 has no table, and format 3 no digest
LACKS_DIGEST = 3  # the last format
RECORD = "latentfill"  # the key of the JSON record in the metadata
WEIGHTS = "weights"  # the first part of the names of an encoder's weights
TABLE = "table"  # the first part of the names of the table's arrays
FLOAT, INT = "F32", "I64"  # safetensors' names of the data types of vectors and starts
ITEM_SIZES: Mapping[str, int] = {FLOAT: 4, INT: 8, "F64": 8, "U8": 1}  # bytes
MOST_VALUES = 2**60  # an empty array can declare axes that NumPy cannot make
AGAIN = "Pack the embeddings again."


@dataclass(frozen=True, slots=True, eq=False)
class PackedFile:
    """The embeddings in a packed file, whose vectors are read from the file on demand."""

    path: Path
    provenance: Provenance
    vectors: Mapping[str, VectorArray]  # split -> (N, C, D), memory-mapped and read-only
    starts: Mapping[str, IntArray]  # split -> (N,) first rows of the windows, for splits where they are known
    weights: Mapping[str, VectorArray]  # randomly drawn weights of the encoder
    table: RecordedTable | None = None  # the table that the embeddings were made from, if it is stored
    pred_len: int | None = None  # no horizon in the path, and no numbers of windows
    is_numbered: bool = False

    @property
    def extents(self) -> Mapping[str, int]:
        return self.splits

    @property
    def layout(self) -> str:
        return "packed"

    @property
    def splits(self) -> Mapping[str, int]:
        return {split: len(vectors) for split, vectors in self.vectors.items()}

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """The vectors of a split, (N, C, D), memory-mapped; raises an error if N or C is not as expected."""
        check_split(split, self.splits, self.path)
        vectors = self.vectors[split]
        problems = count_problems(len(vectors), n_expected)
        if n_columns == vectors.shape[2] and vectors.shape[1] not in (1, n_columns):
            vectors = vectors.swapaxes(1, 2)  # packed without a table, from files that TimeCMA wrote
        if n_columns is not None and vectors.shape[1] not in (1, n_columns):
            problems.append(f"embeddings of {vectors.shape[1]} columns, the table has {n_columns}")
        if problems:
            raise EmbeddingMismatchError(unusable(f"{self.path}, {split},", problems))
        return vectors

    def describe(self) -> dict[str, object]:
        """Description of the file, from a sample of its windows, as JSON values."""
        return {
            "path": str(self.path),
            "layout": self.layout,
            "splits": {split: self._describe(split) for split in self.vectors},
            "provenance": self.provenance.to_dict(),
        }

    def _describe(self, split: str) -> dict[str, object]:
        vectors = self.vectors[split]
        summary, damage = summarise(range(len(vectors)), lambda number: vectors[number], lambda number: self.path)
        starts = self.starts.get(split)
        rows = None if starts is None or not len(starts) else [int(starts[0]), int(starts[-1])]
        return {"count": len(vectors), "starts": rows, **summary, "problems": damage}


def is_packed_file(path: Path) -> bool:
    """Whether a file begins like a packed file."""
    try:  # by its first bytes, as safe_open raises an error for a truncated packed file
        with path.open("rb") as file:
            return file.read(9)[8:] == b"{" and RECORD.encode() in file.read(1 << 20)
    except OSError:
        return False


def load_packed_file(path: str | os.PathLike[str]) -> PackedFile:
    """The embeddings in a packed file, their vectors memory-mapped and read-only; `InputError` if it is damaged."""
    path = Path(path)
    vectors: dict[str, VectorArray] = {}
    starts: dict[str, IntArray] = {}
    weights: dict[str, VectorArray] = {}
    table: dict[str, NDArray[Any]] = {}
    with _opened(path) as file:
        provenance = _read_provenance(path, file.metadata())
        for name, entry in _entries(path, file):
            check_memory(ITEM_SIZES[entry.dtype] * math.prod(entry.shape) * (not name.endswith(".vectors")), path)
            split, _, content = name.rpartition(".")
            kind = content, entry.dtype, len(entry.shape)
            if split == WEIGHTS and entry.dtype == FLOAT:
                weights[content] = file.get_tensor(name)
            elif split == TABLE:
                table[name] = file.get_tensor(name)
            elif kind == ("vectors", FLOAT, 3) and math.prod(filter(None, entry.shape)) < MOST_VALUES:
                vectors[split] = _map(path, entry)
            elif kind == ("starts", INT, 1):
                starts[split] = file.get_tensor(name)
            else:
                raise InputError(f"{path} holds {name!r} of shape {entry.shape}, which no packed file does. {AGAIN}")
    unpaired = [split for split in starts if split not in vectors or len(starts[split]) != len(vectors[split])]
    unpaired += [split for split in vectors if split not in (*SPLITS, WHOLE)]
    unpaired += [split for split, rows in starts.items() if (np.diff(rows) <= 0).any() or (rows < 0).any()]
    if unpaired or not vectors:
        raise InputError(f"{path} is damaged: {', '.join(unpaired) or 'it'} has no vectors for its windows. {AGAIN}")
    try:
        return PackedFile(path, provenance, vectors, starts, weights, table_of(table))
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}. {AGAIN}") from error


@dataclass(frozen=True, slots=True)
class _Entry:
    """One array of a safetensors file."""

    dtype: str  # safetensors' name
    shape: tuple[int, ...]
    offset: int  # of its first byte in the file


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file opened by `safetensors.safe_open`, which checks its header and size."""
    from safetensors import SafetensorError, safe_open

    try:
        file = safe_open(path, framework="numpy")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except SafetensorError as error:
        if is_packed_file(path):
            raise InputError(f"{path} is incomplete or damaged ({error}). {AGAIN}") from error
        raise InputError(f"{path} is not a packed file: {error}. `latentfill pack` writes one.") from error
    with file:
        yield file


def _entries(path: Path, file: Any) -> Iterator[tuple[str, _Entry]]:
    """The arrays of an open file by name, in the order of their bytes."""
    # safe_open copies arrays and hides their offsets, which a memory map needs. In the format they follow each other
    # after the header, whose length is in the first eight bytes.
    with path.open("rb") as raw:
        offset = 8 + int.from_bytes(raw.read(8), "little")
    for name in file.offset_keys():
        array = file.get_slice(name)
        dtype, shape = array.get_dtype(), tuple(array.get_shape())
        if dtype not in ITEM_SIZES:
            raise InputError(f"{path} holds {name!r} of type {dtype}, which no packed file does. {AGAIN}")
        yield name, _Entry(dtype, shape, offset)
        offset += ITEM_SIZES[dtype] * math.prod(shape)


def _map(path: Path, entry: _Entry) -> VectorArray:
    """A float32 array of the file, memory-mapped."""
    if not math.prod(entry.shape):
        return np.empty(entry.shape, np.float32)  # an empty array cannot be memory-mapped
    return np.memmap(path, "<f4", "r", entry.offset, entry.shape)


def _read_provenance(path: Path, metadata: Mapping[str, str] | None) -> Provenance:
    try:
        record = cast(Mapping[str, object], parse_json((metadata or {})[RECORD]))
        file_format = record["format"]
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(f"{path} is no packed file of latentfill: its metadata has no {RECORD!r}. {AGAIN}") from error
    if type(file_format) is not int or file_format not in READABLE:
        raise InputError(
            f"{path} has format {file_format!r}, this version reads {', '.join(map(str, READABLE))}. {AGAIN}"
        )
    if file_format > LACKS_DIGEST and not is_intact(path):
        raise InputError(f"{path} is damaged: it was changed after it was written (its digest shows). {AGAIN}")
    try:
        return Provenance.from_dict(cast(Mapping[str, object], record.get("provenance")))
    except InputError as error:
        raise InputError(f"{path}: {error}. {AGAIN}") from error
