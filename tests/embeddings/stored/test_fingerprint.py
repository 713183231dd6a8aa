from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentfill.embeddings.stored.fingerprint import KEPT, fingerprint, shares_cells
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table


@pytest.fixture
def values() -> np.ndarray:
    found = np.random.default_rng(0).normal(size=(2000, 4)).cumsum(axis=0).round(2)
    found[np.random.default_rng(1).random(found.shape) < 0.02] = np.nan
    return found


def test_a_table_shares_cells_with_itself_and_with_parts_of_itself(values: np.ndarray):
    known = fingerprint(values)
    assert len(known) == KEPT
    for part in (values, values[900:1000], values[:, [2]], values[3:, ::-1], values[500:700, 1:2]):
        assert shares_cells(known, part)


def test_tables_with_other_values_of_the_same_kind_share_no_cells(values: np.ndarray):
    other = np.random.default_rng(2).normal(size=(4000, 4)).cumsum(axis=0).round(2)
    assert not shares_cells(fingerprint(values), other)
    assert not shares_cells(fingerprint(values), values + 1)


def test_counters_and_constant_stretches_are_not_counted_as_shared_cells(values: np.ndarray):
    hours = np.arange(2000.0)[:, None] % 24
    one, other = (np.hstack([hours, np.zeros_like(hours), part]) for part in (values[:, :1], values[:, 1:2]))
    assert not shares_cells(fingerprint(one), other)
    assert fingerprint(np.zeros((100, 2))) == []
    assert fingerprint(np.full((100, 2), np.nan)) == []
    assert fingerprint(np.ones((3, 2))) == []
    assert not shares_cells([], values)


def test_different_real_tables_of_the_same_kind_share_no_cells(shared_data: Path):
    one, other, halves = (
        read_table(shared_data / "ETT" / name, TableOptions()).series.values
        for name in ("ETTh1.csv", "ETTh2.csv", "ETTm1.csv.gz")
    )
    assert shares_cells(fingerprint(one), one[5000:6000])
    assert not shares_cells(fingerprint(one), other)
    assert not shares_cells(fingerprint(one), halves)
    assert not shares_cells(fingerprint(one[:8000]), one[8000:])
