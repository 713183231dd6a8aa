"""Many HDF5 files that differ in their numbers alone, read without opening each of them as HDF5.

A storage script writes thousands of files with the same header. To open one as HDF5 takes forty times as long as to
read its bytes, so the numbers are taken from where the first file has them, if all other bytes are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.embeddings.stored.h5_problems import numeric_dataset


@dataclass(frozen=True, slots=True, eq=False)
class AlikeFiles:
    """Where the files have their numbers, and all that must be the same for that to hold."""

    before: bytes
    after: bytes
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @classmethod
    def like(cls, path: Path, dataset: str) -> Self | None:
        """Files like this one; None if its numbers do not lie in one piece, as they are in memory."""
        import h5py

        with h5py.File(path, "r") as file:
            node = numeric_dataset(file, dataset)
            start, size = node.id.get_offset(), node.id.get_storage_size()
            dtype, shape = node.dtype, node.shape
        if start is None or size != dtype.itemsize * int(np.prod(shape)):
            return None
        data = path.read_bytes()
        return cls(data[:start], data[start + size :], dtype, shape)

    def read(self, path: Path) -> NDArray[Any] | None:
        """The numbers of a file; None if it is not like the first."""
        data = path.read_bytes()
        start, stop = len(self.before), len(data) - len(self.after)
        alike = stop - start == self.dtype.itemsize * int(np.prod(self.shape))
        if not (alike and data.startswith(self.before) and data.endswith(self.after)):
            return None
        return np.frombuffer(data[start:stop], self.dtype).reshape(self.shape)
