"""Blocks of rows: a table is written block by block, because its cells take much more memory as Python objects."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK_CELLS = 1 << 17  # cells in a block, at most; more if a single row has more


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Blocks of the rows of a table."""
    height = max(1, BLOCK_CELLS // max(n_columns, 1))
    for start in range(0, n_rows, height):
        yield slice(start, min(start + height, n_rows))
