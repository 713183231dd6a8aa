"""Writes embeddings in TimeKD's layout, one file `{i}.h5` per window."""

from __future__ import annotations

import io
import os
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.files import replacing
from latentfill.core.folders import write_folder
from latentfill.core.path_parts import path_part
from latentfill.core.temporary import is_empty
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.stored.h5_names import DATASET, WHOLE


def write_split(folder: str | os.PathLike[str], split: str, vectors: VectorArray, dataset: str = DATASET) -> Path:
    """Write vectors (N, C, D) as `{folder}/{split}/{i}.h5`, the split "all" as `{folder}/{i}.h5`; returns their folder.

    The folder appears complete or not at all. Raises `InputError` if it exists and is not empty.
    """
    target = Path(folder) / ("" if split == WHOLE else path_part(split, "the split"))
    if target.exists() and not (target.is_dir() and is_empty(target)):
        raise InputError(f"{target} is not empty. Remove it or write somewhere else.")

    def write(new: Path) -> None:
        for i, vector in enumerate(vectors):
            (new / f"{i}.h5").write_bytes(window_bytes(vector, dataset))

    write_folder(target, write)
    return target


def write_window(path: Path, vector: VectorArray, dataset: str = DATASET) -> None:
    """Write one window's vector (C, D); the file appears complete or not at all."""
    with replacing(path, durable=False) as temporary:
        temporary.write_bytes(window_bytes(vector, dataset))


def window_bytes(vector: VectorArray, dataset: str = DATASET) -> bytes:
    """Content of the .h5 file of one window's vector (C, D)."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset(dataset, data=vector)
    return buffer.getvalue()
