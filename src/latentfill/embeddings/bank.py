"""Embeddings packed into one folder: `vectors.npy`, memory-mapped on load, and a readable `bank.json`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

from latentfill.embeddings.base import Embeddings, Provenance, VectorArray
from latentfill.errors import EmbeddingMismatchError, InputError
from latentfill.series import IntArray

FORMAT = 1
_KEYS = ("format", "provenance", "shape", "dtype", "starts")


def save_bank(path: str | os.PathLike[str], embeddings: Embeddings, *, overwrite: bool = False) -> Path:
    """Write the embeddings as a folder; it appears whole or not at all."""
    target = Path(path)
    _check_target(target, overwrite)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        np.save(partial / "vectors.npy", np.ascontiguousarray(embeddings.vectors), allow_pickle=False)
        (partial / "bank.json").write_text(json.dumps(_record(embeddings), indent=1) + "\n", encoding="utf-8")
        _put_in_place(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


def load_bank(
    path: str | os.PathLike[str], *, starts: IntArray | None = None, provenance: Provenance | None = None
) -> Embeddings:
    """The packed embeddings, their vectors memory-mapped and read-only.

    Where `starts` or `provenance` is given, the bank must have been made for those windows and in that way.
    """
    folder = Path(path)
    record = _read_record(folder)
    vectors = _map_vectors(folder / "vectors.npy")
    differences = _damage(record, vectors)
    if not differences:
        embeddings = Embeddings(vectors, _starts(record), _provenance(folder, record))
        differences = _disagreement(embeddings, starts, provenance)
    if differences:
        listed = "".join(f"\n- {difference}" for difference in differences)
        raise EmbeddingMismatchError(f"{folder} does not fit:{listed}\nPack the embeddings again.")
    return embeddings


def _check_target(target: Path, overwrite: bool) -> None:
    is_bank = (target / "bank.json").is_file()
    if is_bank and not overwrite:
        raise InputError(f"{target} is already a bank. Allow it to be overwritten, or write somewhere else.")
    if not is_bank and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} exists and is not a bank. Write somewhere else.")


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename; a bank that was there is moved aside first, as a folder cannot be renamed over a full one."""
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _record(embeddings: Embeddings) -> dict[str, object]:
    return {
        "format": FORMAT,
        "provenance": embeddings.provenance.to_dict(),
        "shape": list(embeddings.vectors.shape),
        "dtype": str(embeddings.vectors.dtype),
        "starts": embeddings.starts.tolist(),
    }


def _read_record(folder: Path) -> Mapping[str, object]:
    try:
        record = json.loads((folder / "bank.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{folder} is not a packed bank: {error}. `latentfill.embeddings.save_bank` writes one."
        ) from error
    except ValueError as error:
        raise InputError(f"{folder / 'bank.json'} is not valid JSON: {error}. Pack the embeddings again.") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        found = record.get("format") if isinstance(record, dict) else None
        raise InputError(
            f"{folder / 'bank.json'} has format {found!r}, this version reads {FORMAT}. Pack the embeddings again."
        )
    missing = [key for key in _KEYS if key not in record]
    if missing:
        raise InputError(f"{folder / 'bank.json'} has no {', '.join(missing)}. Pack the embeddings again.")
    return cast(Mapping[str, object], record)


def _map_vectors(path: Path) -> VectorArray:
    try:
        return cast(VectorArray, np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {error}. Pack the embeddings again.") from error


def _damage(record: Mapping[str, object], vectors: VectorArray) -> list[str]:
    """Where bank.json and vectors.npy contradict each other."""
    differences = []
    if record["shape"] != list(vectors.shape):
        differences.append(f"shape: bank.json says {record['shape']}, vectors.npy is {list(vectors.shape)}")
    if record["dtype"] != str(vectors.dtype):
        differences.append(f"dtype: bank.json says {record['dtype']}, vectors.npy is {vectors.dtype}")
    starts = record["starts"]
    if not isinstance(starts, list) or not all(type(start) is int for start in starts):
        differences.append("starts: bank.json holds no list of whole numbers")
    elif len(starts) != len(vectors):
        differences.append(f"starts: bank.json has {len(starts)}, vectors.npy has {len(vectors)} windows")
    return differences


def _starts(record: Mapping[str, object]) -> IntArray:
    return np.array(record["starts"], dtype=np.int64)


def _provenance(folder: Path, record: Mapping[str, object]) -> Provenance:
    try:
        return Provenance.from_dict(cast(Mapping[str, object], record["provenance"]))
    except InputError as error:
        raise InputError(f"{folder / 'bank.json'}: {error}. Pack the embeddings again.") from error


def _disagreement(embeddings: Embeddings, starts: IntArray | None, provenance: Provenance | None) -> list[str]:
    """Where a sound bank is not the one asked for."""
    differences = []
    if starts is not None and not np.array_equal(starts, embeddings.starts):
        differences.append(f"windows: the bank's are {_span(embeddings.starts)}, wanted {_span(starts)}")
    if provenance is not None:
        differences += embeddings.provenance.differences(provenance)
    return differences


def _span(starts: IntArray) -> str:
    return f"{len(starts)} from step {starts[0]} to {starts[-1]}" if len(starts) else "none"
