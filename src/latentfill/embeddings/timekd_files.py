"""Stored embeddings as TimeKD and its relatives write them: whatever the layout, opened by one call."""

from __future__ import annotations

import os
from pathlib import Path

from latentfill.embeddings.base import Embeddings, Provenance, StoredEmbeddings
from latentfill.embeddings.h5_file import open_file
from latentfill.embeddings.h5_folders import find_layout
from latentfill.embeddings.h5_windows import DATASET, WHOLE
from latentfill.errors import InputError
from latentfill.series import IntArray

__all__ = ["WHOLE", "load_split", "open_embeddings"]


def open_embeddings(
    path: str | os.PathLike[str], name: str | None = None, pred_len: int | None = None, dataset: str = DATASET
) -> StoredEmbeddings:
    """The stored embeddings at `path`: a TimeKD folder, a folder above one, or one .h5 file with all windows.

    `name` (the CSV's stem) and `pred_len` choose where a folder holds several.
    """
    path = Path(path)
    _refuse_bank(path)
    if path.is_file():
        return open_file(path, dataset)
    return find_layout(path, name, pred_len, dataset)


def load_split(
    stored: StoredEmbeddings, split: str, starts: IntArray, n_columns: int, source: str | os.PathLike[str]
) -> Embeddings:
    """The vectors of a split paired with the windows that start at `starts`; their making is unknown."""
    vectors = stored.read(split, len(starts), n_columns)
    return Embeddings(vectors, starts, Provenance(encoder="unknown", source=str(source)))


def _refuse_bank(path: Path) -> None:
    """A packed bank carries its own windows and provenance, which reading it as loose vectors would lose."""
    folder = path.parent if path.name in ("bank.json", "vectors.npy") else path
    if (folder / "bank.json").is_file():
        raise InputError(
            f"{folder} is a packed bank, not a folder of .h5 files. Read it with `load_bank`, or give the "
            "folder of .h5 files that it was packed from."
        )
