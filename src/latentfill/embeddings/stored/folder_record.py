"""Provenance and weights of per-window embeddings, in files beside TimeKD's files, which cannot hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from latentfill.core.errors import InputError, UnwritableError
from latentfill.core.files import write_bytes
from latentfill.core.json_text import parse_json
from latentfill.core.locks import locked
from latentfill.core.memory_limit import check_memory
from latentfill.core.temporary import is_empty
from latentfill.embeddings.protocols.record import Provenance, RecordedTable, VectorArray
from latentfill.embeddings.stored.table_arrays import table_arrays, table_of

RECORD_FILE = "latentfill.json"
REMOVE = "Remove it, or make the embeddings again."
DATASET = "dataset"  # the key of the dataset's name in the record
WEIGHTS_FILE = "latentfill.safetensors"  # randomly drawn weights of the encoder
TABLE_FILE = "latentfill.table.safetensors"  # the table that the embeddings were made from


def read_record(folder: Path) -> Provenance | None:
    """How the embeddings in `folder` were made; None if there is no record."""
    path = folder / RECORD_FILE
    if not path.is_file():
        return None
    try:
        record = cast(dict[str, object], parse_json(path.read_text(encoding="utf-8")))
        if isinstance(record, dict):
            record.pop(DATASET, None)
        return Provenance.from_dict(record)
    except (OSError, ValueError, InputError) as error:
        raise InputError(
            f"{path} is no record of how embeddings were made: {error}. Remove it to use the embeddings without it."
        ) from error


def read_weights(folder: Path) -> dict[str, VectorArray]:
    """The encoder's randomly drawn weights by name; empty if there is no file of them."""
    return _load(folder / WEIGHTS_FILE)


def read_table_record(folder: Path) -> RecordedTable | None:
    """The table that the embeddings in `folder` were made from; None if there is no file of it."""
    path = folder / TABLE_FILE
    arrays = _load(path)
    if not arrays:
        return None
    try:
        return table_of(arrays)
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}. {REMOVE}") from error


def _load(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file by name; empty if there is no such file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        if not path.is_file():
            return {}
        check_memory(path.stat().st_size, path)
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} is damaged: {error}. {REMOVE}") from error


def check_record(folder: Path) -> None:
    """Raise an `UnwritableError` if a folder that embeddings are written into has lost its record."""
    if not (folder / RECORD_FILE).is_file():
        raise UnwritableError(f"{folder} was removed or moved while it was written: put it back, or embed again.")


@contextmanager
def reserved_folder(
    folder: Path, provenance: Provenance, weights: Mapping[str, VectorArray], dataset: str, table: RecordedTable
) -> Iterator[None]:
    """Reserve `folder` for the embeddings written in this block, and write their record and their table into it.

    A folder of an interrupted run with the same record can be completed. Raises an error if the folder holds anything
    else, or if another run is writing to it.
    """
    from safetensors.numpy import save

    record = folder / RECORD_FILE
    content = (json.dumps({**provenance.to_dict(), DATASET: dataset}, indent=1) + "\n").encode()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if not (record.is_file() and record.read_bytes() == content):
            if folder.exists() and not (folder.is_dir() and is_empty(folder)):
                raise InputError(
                    f"{folder} is not empty: it holds embeddings of another table, encoder or settings, or other "
                    "files. Remove it, or write somewhere else."
                )
            folder.mkdir(exist_ok=True)
            write_bytes(record, content)
        write_bytes(folder / TABLE_FILE, save(table_arrays(table)))
        if weights:
            write_bytes(folder / WEIGHTS_FILE, save(dict(weights)))
        yield
