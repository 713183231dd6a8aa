"""Opens stored embeddings of any layout: TimeKD's folders, .h5 files and packed files."""

from __future__ import annotations

import os
from pathlib import Path

from latentfill.core.inputs import refuse_special
from latentfill.embeddings.protocols.record import StoredEmbeddings
from latentfill.embeddings.stored.array_files import READERS, open_array_file
from latentfill.embeddings.stored.h5_file import open_file
from latentfill.embeddings.stored.h5_names import DATASET
from latentfill.embeddings.stored.h5_search import find_layout
from latentfill.embeddings.stored.packed_file import is_packed_file, load_packed_file


def open_embeddings(
    path: str | os.PathLike[str], name: str | None = None, pred_len: int | None = None, dataset: str = DATASET
) -> StoredEmbeddings:
    """The embeddings at `path`: a TimeKD folder or one above it, a packed file, or a
    file with an array of all windows.

    `name` (the table's file name without its suffix) and `pred_len` choose among several sets in a folder.
    """
    path = Path(path)
    refuse_special(path)
    if path.is_file():
        if is_packed_file(path):
            return load_packed_file(path)
        return open_array_file(path, dataset) if path.suffix.lower() in READERS else open_file(path, dataset)
    return find_layout(path, name, pred_len, dataset)
