"""Blocks of adjacent columns."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from latentfill.windows import column_blocks as module
from latentfill.windows.column_blocks import BLOCK_PAIRS, cells_by_block, column_blocks, square_blocks
from latentfill.windows.gaps import interpolate


def bounds(blocks: list[slice]) -> list[tuple[int, int]]:
    return [(block.start, block.stop) for block in blocks]


def test_blocks_hold_all_columns_and_a_limited_number_of_cells(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BLOCK_CELLS", 12)
    assert bounds(list(column_blocks((4, 7)))) == [(0, 3), (3, 6), (6, 7)]
    assert bounds(list(column_blocks((100, 2)))) == [(0, 1), (1, 2)]
    assert bounds(list(column_blocks((0, 2)))) == [(0, 2)]
    assert list(column_blocks((4, 0))) == []


def test_every_cell_is_in_the_block_of_its_column(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BLOCK_CELLS", 12)
    column = np.array([10, 0, 6, 2, 0, 8])  # none in the block of columns 3 to 5
    blocks = list(cells_by_block(column, (4, 11)))
    assert bounds([columns for columns, _ in blocks]) == [(0, 3), (6, 9), (9, 11)]
    assert [chosen.tolist() for _, chosen in blocks] == [[1, 3, 4], [2, 5], [0]]
    assert list(cells_by_block(column[:0], (4, 11))) == []


def test_interpolation_needs_little_more_memory_than_its_result():
    values = np.where(np.random.default_rng(0).random((2000, 1000)) < 0.1, np.nan, 1.0)
    tracemalloc.start()
    interpolate(values)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * values.nbytes


def test_blocks_of_pairs_are_all_columns_once_and_small_in_wide_tables():
    for n_columns in (1, 7, 5000):
        blocks = list(square_blocks(n_columns))
        assert [c for block in blocks for c in range(n_columns)[block]] == list(range(n_columns))
        assert all((block.stop - block.start) * n_columns <= max(BLOCK_PAIRS, n_columns) for block in blocks)
    assert len(list(square_blocks(5000))) > 1
