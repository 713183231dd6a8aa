"""Stored embeddings, whatever the layout, opened by one call: TimeKD's folders, .h5 files, packed banks."""

from __future__ import annotations

import os
from pathlib import Path

from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import Embeddings, StoredEmbeddings
from latentfill.embeddings.stored.h5_file import open_file
from latentfill.embeddings.stored.h5_folders import find_layout
from latentfill.embeddings.stored.h5_windows import DATASET, WHOLE
from latentfill.embeddings.stored.packed_file import PackedFile, is_bank, load_packed_file

__all__ = ["WHOLE", "load_split", "open_embeddings"]


def open_embeddings(
    path: str | os.PathLike[str], name: str | None = None, pred_len: int | None = None, dataset: str = DATASET
) -> StoredEmbeddings:
    """The stored embeddings at `path`: a TimeKD folder, a folder above one, an .h5 file with all windows, or a bank.

    `name` (the CSV's stem) and `pred_len` choose where a folder holds several.
    """
    path = Path(path)
    if path.is_file():
        return load_packed_file(path) if is_bank(path) else open_file(path, dataset)
    return find_layout(path, name, pred_len, dataset)


def load_split(stored: StoredEmbeddings, split: str, starts: IntArray, n_columns: int) -> Embeddings:
    """The vectors of a split paired with the windows that start at `starts`; a bank may know that it has others."""
    vectors = stored.read(split, len(starts), n_columns)
    if isinstance(stored, PackedFile):
        stored.check_windows(split, starts)
    return Embeddings(vectors, starts, stored.provenance)
