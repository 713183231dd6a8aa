"""HDF5 files that differ only in their numbers, read without opening each of them as HDF5.

A storage script writes thousands of files with the same header. To open one as HDF5 takes forty times as long as to
read its bytes, so the numbers are taken from the place where the first file has them, if all other bytes are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from latentfill.embeddings.stored.h5_dataset import StoredArray, numeric_dataset


@dataclass(frozen=True, slots=True, eq=False)
class SameHeaderFiles:
    """Where the files have their numbers, and the bytes around these, which must be the same in all files."""

    before: bytes
    after: bytes
    example: StoredArray  # of the shape and type of the numbers

    @classmethod
    def like(cls, path: Path, dataset: str) -> Self | None:
        """Files like this one; None if its numbers do not lie in one piece, as they are in memory."""
        import h5py

        with h5py.File(path, "r") as file:
            node = numeric_dataset(file, dataset)
            start, size = node.id.get_offset(), node.id.get_storage_size()
            example = np.empty(node.shape, node.dtype)
        if start is None or size != example.nbytes:
            return None
        data = path.read_bytes()
        return cls(data[:start], data[start + size :], example)

    def read(self, path: Path) -> StoredArray | None:
        """The numbers of a file; None if its other bytes are not those of the first file."""
        data = path.read_bytes()
        start, stop = len(self.before), len(data) - len(self.after)
        is_alike = stop - start == self.example.nbytes
        if not (is_alike and data.startswith(self.before) and data.endswith(self.after)):
            return None
        return np.frombuffer(data[start:stop], self.example.dtype).reshape(self.example.shape)
