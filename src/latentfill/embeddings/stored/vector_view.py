"""Vectors of several arrays as one array in another order; read row by row when needed, also from disk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import VectorArray, Vectors


class VectorView:
    """Rows and columns picked from arrays (N_i, C, D) laid end to end: (N, C, D) float32."""

    ndim = 3
    dtype = np.dtype(np.float32)

    def __init__(self, parts: Sequence[Vectors], rows: IntArray, columns: IntArray | None = None) -> None:
        """`rows` (N,) count through all parts; `columns` is the new order of the columns, None for the same."""
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
        of_part = np.searchsorted(self.ends, rows, side="right")
        found = np.empty((len(rows), *self.parts[0].shape[1:]), np.float32)
        for number, part in enumerate(self.parts):
            own = of_part == number
            found[own] = part[rows[own] - (self.ends[number] - len(part))]
        found = found if self.columns is None else found[:, self.columns]
        return found.reshape(*np.shape(picked), *found.shape[1:])
