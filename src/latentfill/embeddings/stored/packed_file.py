"""Embeddings packed into one file, memory-mapped on load: vectors by split, their windows, and how they were made.

The file is in the safetensors format, so that anything can read it: `{split}.vectors` (N, C, D) float32, where known
`{split}.starts` (N,) int64, the encoder's own weights as `weights.{name}`, and a JSON record in the metadata under
"latentfill".
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.files import replacing
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import Provenance, VectorArray
from latentfill.embeddings.stored.h5_problems import check_split, columns_and_size, count_problems, unusable
from latentfill.embeddings.stored.h5_summary import summarise

FORMAT = 2
RECORD = "latentfill"  # the key of our record in the metadata
WEIGHTS = "weights"  # what the names of an encoder's weights begin with
DTYPES: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
MOST_HEADER = 100_000_000  # bytes, as the safetensors library has it
AGAIN = "Pack the embeddings again."


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The embeddings of one split, to be packed."""

    shape: tuple[int, int, int]  # N, C, D
    vectors: Iterable[VectorArray]  # N of (C, D) float32, one after the other
    starts: IntArray | None = None  # (N,) first step of each window in its table, where known


@dataclass(frozen=True, slots=True, eq=False)
class PackedFile:
    """A packed file; its vectors are read from it as they are needed."""

    path: Path
    provenance: Provenance
    vectors: Mapping[str, VectorArray]  # split -> (N, C, D), memory-mapped and read-only
    starts: Mapping[str, IntArray]  # split -> (N,) first steps, for splits whose windows are known
    weights: Mapping[str, VectorArray]  # of the encoder, those that were drawn for it

    @property
    def layout(self) -> str:
        return "bank"

    @property
    def splits(self) -> Mapping[str, int]:
        return {split: len(vectors) for split, vectors in self.vectors.items()}

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """The vectors of a split, (N, C, D), memory-mapped; a number that does not fit is an error."""
        check_split(split, self.splits, self.path)
        vectors = self.vectors[split]
        problems = count_problems(len(vectors), n_expected)
        if n_columns is not None and vectors.shape[1] not in (1, n_columns):
            problems.append(f"embeddings of {vectors.shape[1]} columns, the table has {n_columns}")
        if problems:
            raise EmbeddingMismatchError(unusable(f"{self.path}, {split},", problems))
        return vectors

    def check_windows(self, split: str, starts: IntArray) -> None:
        """Refuse windows other than those the bank was made for, where it knows them."""
        known = self.starts.get(split)
        if known is not None and not np.array_equal(known, starts):
            raise EmbeddingMismatchError(
                f"{self.path} holds in {split} the windows {_span(known)}, wanted are {_span(starts)}. Use the split "
                "plan, seq_len and pred_len that the bank was made with; `latentfill inspect` shows them."
            )

    def describe(self) -> dict[str, object]:
        """What the bank holds, from a sample of its windows, in plain JSON values."""
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


def save_packed_file(
    path: str | os.PathLike[str],
    parts: Mapping[str, Part],
    provenance: Provenance,
    weights: Mapping[str, VectorArray] | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write embeddings by split, one window after the other; the file appears whole or not at all."""
    target = Path(path)
    check_target(target, overwrite=overwrite)
    shapes = {split: (part.shape, part.starts is not None) for split, part in parts.items()}
    with replacing(target) as temporary, temporary.open("wb") as file:
        file.write(bank_header(shapes, provenance, weights or {}))
        for split, part in parts.items():
            _write_part(file, split, part)
    return target


def check_target(target: Path, *, overwrite: bool) -> None:
    """Refuse to write a bank over a file, but over another bank where that is allowed."""
    if target.exists() and not (overwrite and is_bank(target)):
        way_out = "Allow it to be overwritten (--overwrite), or write" if is_bank(target) else "It is no bank: write"
        raise InputError(f"{target} exists already. {way_out} somewhere else.")


def load_packed_file(path: str | os.PathLike[str]) -> PackedFile:
    """The packed embeddings, their vectors memory-mapped and read-only."""
    path = Path(path)
    header, first = _read_header(path)
    record = _read_record(path, header.pop("__metadata__", {}))
    vectors: dict[str, VectorArray] = {}
    starts: dict[str, IntArray] = {}
    weights: dict[str, VectorArray] = {}
    for name, entry in header.items():
        split, _, what = name.rpartition(".")
        array = _map(path, entry, first)
        if split == WEIGHTS:
            weights[what] = np.array(array)
        elif what == "vectors" and array.ndim == 3 and array.dtype == np.float32:
            vectors[split] = array
        elif what == "starts" and array.ndim == 1 and array.dtype == np.int64:
            starts[split] = np.array(array)
        else:
            raise InputError(f"{path} holds {name!r} of shape {array.shape}, which no bank does. {AGAIN}")
    unpaired = [split for split in starts if split not in vectors or len(starts[split]) != len(vectors[split])]
    if unpaired or not vectors:
        raise InputError(f"{path} is damaged: {', '.join(unpaired) or 'it'} has no vectors for its windows. {AGAIN}")
    return PackedFile(path, record, vectors, starts, weights)


def is_bank(path: Path) -> bool:
    """Whether a file begins as a packed bank does."""
    try:
        with path.open("rb") as file:
            return file.read(9)[8:] == b"{" and RECORD.encode() in file.read(1 << 20)
    except OSError:
        return False


def bank_header(
    shapes: Mapping[str, tuple[tuple[int, int, int], bool]],
    provenance: Provenance,
    weights: Mapping[str, VectorArray],
) -> bytes:
    """What a bank begins with: all but `shapes` (N, C, D) by split, with whether first steps go with the vectors.

    What follows, split by split: the first steps of its windows, then its vectors.
    """
    record = json.dumps({"format": FORMAT, "provenance": provenance.to_dict()})
    entries: dict[str, Any] = {"__metadata__": {RECORD: record}}
    arrays = [(f"{WEIGHTS}.{name}", "F32", array.shape) for name, array in weights.items()]
    for split, (shape, known) in shapes.items():
        columns_and_size(shape[1:])
        arrays += [(f"{split}.starts", "I64", shape[:1])] * known + [(f"{split}.vectors", "F32", shape)]
    end = 0
    for name, dtype, shape in arrays:
        begin, end = end, end + DTYPES[dtype].itemsize * math.prod(shape)
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)  # numbers begin at a multiple of their size
    return len(text).to_bytes(8, "little") + text + b"".join(as_bytes(array, "F32") for array in weights.values())


def _write_part(file: BinaryIO, split: str, part: Part) -> None:
    if part.starts is not None:
        file.write(as_bytes(part.starts, "I64"))
    count = 0
    for number, vector in enumerate(part.vectors):
        if not np.isfinite(vector).all():
            raise EmbeddingMismatchError(
                f"the embedding of window {number} of {split} holds values that are not finite. Make it again."
            )
        assert vector.shape == part.shape[1:], f"{split}: {vector.shape} is not {part.shape[1:]}"
        file.write(as_bytes(vector, "F32"))
        count += 1
    assert count == part.shape[0], f"{split}: {count} vectors, {part.shape[0]} were announced"


def as_bytes(array: NDArray[Any], dtype: str) -> bytes:
    """Numbers as a bank holds them."""
    return np.ascontiguousarray(array, DTYPES[dtype]).tobytes()


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """What a file says it holds, and where its numbers begin."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            text = file.read(min(size, MOST_HEADER))
        header = json.loads(text)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise InputError(f"{path} is not a packed bank: {error}. `latentfill pack` writes one.") from error
    if len(text) != size or not isinstance(header, dict):
        raise InputError(f"{path} is not a packed bank. `latentfill pack` writes one.")
    return header, 8 + size


def _read_record(path: Path, metadata: Any) -> Provenance:
    try:
        record = json.loads(metadata[RECORD])
        found = record["format"]
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(f"{path} is no bank of latentfill: its metadata has no {RECORD!r}. {AGAIN}") from error
    if found != FORMAT:
        raise InputError(f"{path} has format {found!r}, this version reads {FORMAT}. {AGAIN}")
    try:
        return Provenance.from_dict(cast(Mapping[str, object], record.get("provenance")))
    except InputError as error:
        raise InputError(f"{path}: {error}. {AGAIN}") from error


def _map(path: Path, entry: Any, first: int) -> Any:
    """One array of the file, memory-mapped."""
    try:
        dtype, shape, (begin, end) = DTYPES[entry["dtype"]], tuple(entry["shape"]), entry["data_offsets"]
        if end - begin != dtype.itemsize * math.prod(shape) or path.stat().st_size < first + end:
            raise ValueError(f"{path.stat().st_size} bytes, {first + end} were announced")
        if end == begin:
            return np.empty(shape, dtype)  # nothing can be mapped
        return np.memmap(path, dtype, "r", first + begin, shape)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is incomplete or damaged ({error}). {AGAIN}") from error


def _span(starts: IntArray) -> str:
    return f"{len(starts)} from step {starts[0]} to {starts[-1]}" if len(starts) else "none"
