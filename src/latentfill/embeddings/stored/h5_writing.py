"""Windows written as TimeKD does: one file `{i}.h5` for each."""

from __future__ import annotations

import io
import os
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.files import replacing, replacing_folder
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.stored.h5_names import DATASET, WHOLE


def write_split(folder: str | os.PathLike[str], split: str, vectors: VectorArray, dataset: str = DATASET) -> Path:
    """Write vectors (N, C, D) as `{folder}/{split}/{i}.h5`, the split "all" as `{folder}/{i}.h5`; the folder of these.

    The folder appears whole or not at all; one that is not empty is refused.
    """
    target = Path(folder) / ("" if split == WHOLE else split)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not empty. Remove it or write somewhere else.")
    with replacing_folder(target) as new:
        for i, vector in enumerate(vectors):
            (new / f"{i}.h5").write_bytes(window_bytes(vector, dataset))
    return target


def write_window(path: Path, vector: VectorArray, dataset: str = DATASET) -> None:
    """Write one window's vector (C, D); the file appears whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(window_bytes(vector, dataset))


def window_bytes(vector: VectorArray, dataset: str = DATASET) -> bytes:
    """The .h5 file of one window's vector (C, D)."""
    import h5py

    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file.create_dataset(dataset, data=vector)
    return held.getvalue()
