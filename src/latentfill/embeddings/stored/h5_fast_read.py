"""Reads HDF5 files that differ only in their numbers, without opening each of them as HDF5.

A storage script writes thousands of files with the same header. Opening a file as HDF5 takes forty times as long as
reading its bytes, so the numbers are read at their position in the first file, if all other bytes are equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from latentfill.core.hdf5 import opened_hdf5
from latentfill.embeddings.stored.h5_dataset import StoredArray, numeric_dataset


@dataclass(frozen=True, slots=True, eq=False)
class SameHeaderFiles:
    """The bytes before and after the numbers, which must be the same in all files, and the numbers' shape and type."""

    before: bytes
    after: bytes
    example: StoredArray  # has the shape and type of the numbers

    @classmethod
    def like(cls, path: Path, dataset: str) -> Self | None:
        """A reader of files like `path`; None if its numbers are compressed or not contiguous."""
        with opened_hdf5(path) as file:
            node = numeric_dataset(file, dataset)
            start, size = node.id.get_offset(), node.id.get_storage_size()
            example = np.empty(node.shape, node.dtype)
        if start is None or size != example.nbytes:
            return None
        data = path.read_bytes()
        return cls(data[:start], data[start + size :], example)

    def read(self, path: Path) -> StoredArray | None:
        """The numbers of a file; None if its other bytes differ from the first file."""
        start, stop = len(self.before), len(self.before) + self.example.nbytes
        if path.stat().st_size != stop + len(self.after):
            return None
        data = path.read_bytes()
        if not (data.startswith(self.before) and data.endswith(self.after)):
            return None
        return np.frombuffer(data[start:stop], self.example.dtype).reshape(self.example.shape)
