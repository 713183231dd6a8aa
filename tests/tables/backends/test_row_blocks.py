"""Blocks of rows, and the memory that writing takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.tables.backends import row_blocks as module
from latentfill.tables.backends.row_blocks import row_blocks
from latentfill.tables.backends.table_files import write_columns
from latentfill.tables.read import read_table
from latentfill.tables.table import Table
from latentfill.tables.write import write_table

ROWS, COLUMNS = 1500, 30


def test_blocks_hold_all_rows_and_a_limited_number_of_cells(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BLOCK_CELLS", 12)
    assert [(rows.start, rows.stop) for rows in row_blocks(7, 4)] == [(0, 3), (3, 6), (6, 7)]
    assert [(rows.start, rows.stop) for rows in row_blocks(2, 100)] == [(0, 1), (1, 2)]
    assert len(list(row_blocks(5, 0))) == 1
    assert list(row_blocks(0, 4)) == []


@pytest.fixture
def values() -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).round(3)
    values[np.random.default_rng(1).random(values.shape) < 0.1] = np.nan
    return values


@pytest.fixture
def table(values: np.ndarray, tmp_path: Path) -> Table:
    pd.DataFrame(values, columns=[f"c{i}" for i in range(COLUMNS)]).to_csv(tmp_path / "t.csv", index=False)
    return read_table(tmp_path / "t.csv")


def peak_per_byte(write: Callable[[], None], path: Path) -> float:
    """Largest memory while writing, as a multiple of the size of the file."""
    write()  # imports
    tracemalloc.start()
    write()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / path.stat().st_size


def test_files_do_not_depend_on_the_blocks(table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bounds = {suffix: np.full((ROWS, COLUMNS), 0.125) for suffix in ("lower", "upper")}

    def files() -> list[bytes]:
        write_table(table, bounds["lower"], tmp_path / "o.csv", extras=bounds)
        write_columns({"a": np.arange(ROWS) / 4, "b": np.full(ROWS, np.nan)}, tmp_path / "c.csv")
        return [(tmp_path / name).read_bytes() for name in ("o.csv", "c.csv")]

    whole = files()
    monkeypatch.setattr(module, "BLOCK_CELLS", 100)
    assert files() == whole


def test_new_columns_are_not_all_held_as_python_texts(
    table: Table, values: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BLOCK_CELLS", 1000)
    out, filled = tmp_path / "o.csv", np.nan_to_num(values)
    bounds = {"lower": filled, "upper": filled}
    assert peak_per_byte(lambda: write_table(table, filled, out, extras=bounds), out) < 7


def test_numbers_of_a_new_table_are_not_all_held_as_python_objects(
    values: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BLOCK_CELLS", 1000)
    columns, out = {f"c{i}": values[:, i] for i in range(COLUMNS)}, tmp_path / "o.csv"
    assert peak_per_byte(lambda: write_columns(columns, out), out) < 4


def test_a_frame_is_written_to_csv_in_blocks(values: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BLOCK_CELLS", 1000)
    table, out = read_table(pd.DataFrame(values, columns=[f"c{i}" for i in range(COLUMNS)])), tmp_path / "o.csv"
    assert peak_per_byte(lambda: write_table(table, np.nan_to_num(values), out), out) < 12
