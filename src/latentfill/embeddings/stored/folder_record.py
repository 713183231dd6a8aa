"""The record of how embeddings were made, in a file beside TimeKD's per-window files, which have no place for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.files import write_bytes
from latentfill.core.locks import locked
from latentfill.embeddings.protocols.record import Provenance, VectorArray

RECORD_FILE = "latentfill.json"
DATASET = "dataset"  # the key of the dataset's name in the record
WEIGHTS_FILE = "latentfill.safetensors"  # weights of the encoder that were drawn at random for it


def read_record(folder: Path) -> Provenance | None:
    """How the embeddings in `folder` were made; None if there is no record."""
    path = folder / RECORD_FILE
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(record, dict):
            record.pop(DATASET, None)
        return Provenance.from_dict(record)
    except (OSError, ValueError, InputError) as error:
        raise InputError(
            f"{path} is no record of how embeddings were made: {error}. Remove it, and the embeddings are used as ones "
            "of unknown origin."
        ) from error


def read_weights(folder: Path) -> dict[str, VectorArray]:
    """The encoder's weights that were drawn at random for it, by name; none if there is no file of them."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / WEIGHTS_FILE
    try:
        return load_file(path) if path.is_file() else {}
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} is damaged: {error}. Remove it, or make the embeddings again.") from error


@contextmanager
def reserved_folder(
    folder: Path, provenance: Provenance, weights: Mapping[str, VectorArray], dataset: str
) -> Iterator[None]:
    """Reserve `folder` for the embeddings written in this block, and write their record into it.

    A folder that an interrupted run began with the same record may be completed; one that holds anything else is
    refused, and so is a second run at the same time.
    """
    from safetensors.numpy import save

    record = folder / RECORD_FILE
    own = (json.dumps({**provenance.to_dict(), DATASET: dataset}, indent=1) + "\n").encode()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if not (record.is_file() and record.read_bytes() == own):
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise InputError(
                    f"{folder} is not empty: it holds embeddings of another table, encoder or settings, or other "
                    "files. Remove it, or write somewhere else."
                )
            folder.mkdir(exist_ok=True)
            write_bytes(record, own)
        if weights:
            write_bytes(folder / WEIGHTS_FILE, save(dict(weights)))
        yield
