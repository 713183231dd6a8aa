"""Blocks of adjacent columns: work on a series block by block needs no further arrays of the size of the series."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from latentfill.core.series import IntArray

BLOCK_CELLS = 1 << 18  # cells of a series in a block, at most; more if a single column has more
BLOCK_PAIRS = 1 << 22  # pairs of columns in a block: 32 MB


def column_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Blocks of the columns of a series of `shape` (T, C)."""
    width = _width(shape)
    for start in range(0, shape[1], width):
        yield slice(start, min(start + width, shape[1]))


def square_blocks(n_columns: int) -> Iterator[slice]:
    """Blocks of columns, for a matrix of all pairs of columns that is made block by block."""
    width = max(1, BLOCK_PAIRS // max(n_columns, 1))
    for start in range(0, n_columns, width):
        yield slice(start, min(start + width, n_columns))


def cells_by_block(column: IntArray, shape: tuple[int, ...]) -> Iterator[tuple[slice, IntArray]]:
    """The blocks that hold any of M cells in these columns (M,), each with the indices of its cells."""
    blocks = list(column_blocks(shape))
    block = column // _width(shape)
    order = np.argsort(block, kind="stable")
    edges = np.searchsorted(block[order], np.arange(len(blocks) + 1))
    for columns, (first, stop) in zip(blocks, pairwise(edges.tolist()), strict=True):
        if first < stop:
            yield columns, order[first:stop]


def _width(shape: tuple[int, ...]) -> int:
    return max(1, BLOCK_CELLS // max(shape[0], 1))
