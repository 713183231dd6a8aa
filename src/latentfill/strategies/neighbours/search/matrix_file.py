"""A float32 matrix in a file, which is written and read block by block, as it may not fit into memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from latentfill.core.series import FloatArray
from latentfill.core.unwritable import refusing_unwritable
from latentfill.embeddings.protocols.record import VectorArray

BLOCK = 1 << 24  # bytes that are read at a time
ITEM = 4  # bytes of a number


@dataclass(frozen=True, slots=True)
class MatrixFile:
    """N rows of D numbers, float32 and little-endian, row after row."""

    path: Path
    rows: int  # N
    size: int  # D
    offset: int = 0  # bytes before the first row

    def blocks(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, VectorArray]]:
        """The rows from `first` to before `last` in blocks (n, D), each with the number of its first row."""
        last = self.rows if last is None else last
        at_once = max(1, BLOCK // (ITEM * max(1, self.size)))
        with self.path.open("rb") as file:
            file.seek(self.offset + ITEM * self.size * first)
            for start in range(first, last, at_once):
                n = min(at_once, last - start)
                yield start, np.fromfile(file, "<f4", n * self.size).reshape(n, self.size)

    def mapped(self) -> VectorArray:
        """The matrix (N, D), memory-mapped and read-only."""
        return self._map("r")

    def tensor(self) -> Tensor:
        """The same as a tensor, which is not to be changed."""
        # torch warns of read-only arrays, and the system counts a private copy as memory
        return torch.from_numpy(self._map("r+"))

    def _map(self, mode: Literal["r", "r+"]) -> VectorArray:
        return np.memmap(self.path, "<f4", mode, self.offset, (self.rows, self.size))

    def mean(self) -> FloatArray:
        """The mean row, (D,)."""
        total = np.zeros(self.size)
        for _, block in self.blocks():
            total += block.sum(axis=0, dtype=np.float64)
        return total / self.rows

    def digest(self) -> str:
        """The SHA-256 digest of the numbers."""
        digest = hashlib.sha256()
        for _, block in self.blocks():
            digest.update(block.data)
        return digest.hexdigest()


def write_matrix(path: Path, blocks: Iterable[Tensor]) -> MatrixFile:
    """Write the rows of blocks (n, D) as a file; there must be at least one block."""
    rows = size = 0
    with refusing_unwritable(path), path.open("wb") as file:
        for block in blocks:
            rows, size = rows + len(block), block.shape[1]
            file.write(block.cpu().contiguous().numpy().astype("<f4", copy=False).data)
    return MatrixFile(path, rows, size)
