"""Recognising the table that embeddings were made from, gaps and rounding aside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import Series
from latentfill.embeddings.protocols.record import RecordedTable
from latentfill.embeddings.stored.same_table import check_same_table

PATH = Path("some.packed")


def series(rows: int = 50, decimals: int = 3) -> Series:
    values = np.random.default_rng(0).normal(20, 5, (rows, 3)).round(decimals)
    time = np.datetime64("2024-01-01", "ns") + np.arange(rows) * np.timedelta64(1, "h")
    return Series(values, ("a", "b", "c"), time, np.arange(rows))


def with_values(table: Series, values: np.ndarray) -> Series:
    return replace(table, values=values)


def test_cells_that_only_one_table_has_are_not_compared():
    table = series()
    values = table.values.copy()
    values[3:9, 1] = np.nan
    assert check_same_table(RecordedTable.of(table), with_values(table, values), PATH) == 150 - 6
    assert check_same_table(RecordedTable.of(with_values(table, values)), table, PATH) == 150 - 6


@pytest.mark.parametrize("change", [lambda v: v.round(1), lambda v: v.astype(np.float32), lambda v: v.round(0)])
def test_rounded_values_agree(change):
    table = series()
    rounded = with_values(table, change(table.values).astype(np.float64))
    assert check_same_table(RecordedTable.of(table), rounded, PATH) == 150
    assert check_same_table(RecordedTable.of(rounded), table, PATH) == 150


def test_the_order_of_columns_does_not_matter():
    table = series()
    turned = replace(table, values=table.values[:, ::-1], columns=table.columns[::-1])
    assert check_same_table(RecordedTable.of(table), turned, PATH) == 150


def test_another_value_is_refused_with_the_cell_and_both_values():
    table = series()
    values = table.values.copy()
    values[7, 2] += 1.0
    with pytest.raises(
        EmbeddingMismatchError, match=r"1 of the 150 cells.*'c' at 2024-01-01 07:00:00: .* here, .* there"
    ):
        check_same_table(RecordedTable.of(table), with_values(table, values), PATH)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda t: replace(t, columns=("a", "b", "d")), "lacks 'c' and has 'd' in addition"),
        (lambda t: replace(t, time=t.time + np.timedelta64(1, "D")), "lacks 24 time stamps, first 2024-01-01 00:00:00"),
        (lambda t: replace(t, values=t.values[1:], time=t.time[1:]), "lacks 1 time stamp, first 2024-01-01 00:00:00"),
        (lambda t: replace(t, values=t.values[1:], time=None), "a table of 50 rows, and this one has 49"),
    ],
)
def test_other_columns_stamps_or_rows_are_refused(other, words: str):
    table = series()
    with pytest.raises(EmbeddingMismatchError, match=words):
        check_same_table(RecordedTable.of(table), other(table), PATH)
