"""Several arrays of vectors as one array in another order, without copying them into memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import VectorArray, Vectors


class VectorView:
    """Rows and columns of concatenated arrays (N_i, C, D), as an array (N, C, D) float32 that is read on demand."""

    ndim = 3
    dtype = np.dtype(np.float32)

    def __init__(self, parts: Sequence[Vectors], rows: IntArray, columns: IntArray | None = None) -> None:
        """`rows` (N,) index the concatenated parts; `columns` is the new order of columns, None for no change."""
        self.parts, self.rows, self.columns = parts, rows, columns
        self.ends = np.cumsum([len(part) for part in parts])

    @property
    def shape(self) -> tuple[int, ...]:
        columns, size = self.parts[0].shape[1:]
        return len(self.rows), columns if self.columns is None else len(self.columns), size

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: IntArray | slice | int) -> VectorArray:
        """The vectors of some rows, (n, C, D), in memory; (C, D) for a single row."""
        picked = self.rows[index]
        rows = np.atleast_1d(picked)
        part_numbers = np.searchsorted(self.ends, rows, side="right")
        vectors = np.empty((len(rows), *self.parts[0].shape[1:]), np.float32)
        for number, part in enumerate(self.parts):
            in_part = part_numbers == number
            vectors[in_part] = part[rows[in_part] - (self.ends[number] - len(part))]
        vectors = vectors if self.columns is None else vectors[:, self.columns]
        return vectors.reshape(*np.shape(picked), *vectors.shape[1:])
