"""Missing cells, and the gap that each lies in."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.cells import Cells, gap_kinds
from latentfill.windows import column_blocks
from latentfill.windows.gaps import nearest_observed

NAN = np.nan


def test_the_kind_of_a_gap_tells_its_length_and_whether_both_ends_are_equal():
    values = np.array([[0, NAN, 0, NAN, NAN, 1, NAN]]).T
    assert gap_kinds(nearest_observed(values))[[1, 3, 4, 6], 0].tolist() == [6 + 0, 1, 1, 0]
    whole = np.array([[2.0, 5.0, 2.0, 3.0]]).T  # as if each cell in turn were missing
    assert gap_kinds(nearest_observed(whole))[:, 0].tolist() == [0, 6, 0, 0]


def test_each_missing_cell_has_the_kind_and_start_of_its_gap():
    values = np.array([[1.0, NAN], [NAN, NAN], [NAN, 2.0], [1.0, NAN]])
    cells = Cells.at(np.isnan(values), values)
    assert cells.step.tolist() == [0, 1, 1, 2, 3]
    assert cells.column.tolist() == [1, 0, 1, 0, 1]
    assert cells.gap.tolist() == [0, 1, 0, 1, 3]
    assert cells.bucket.tolist() == [1, 1, 1, 1, 0]
    assert cells.kind.tolist() == [1, 7, 1, 7, 0]  # column 0 has a 1 on both sides
    assert cells.gap_sizes.tolist() == [2, 2, 2, 2, 1]


def test_values_of_cells_are_put_into_their_places_in_the_series():
    values = np.array([[1.0, NAN], [NAN, 4.0]])
    cells = Cells.at(np.isnan(values), values)
    np.testing.assert_array_equal(cells.on_series(np.array([7.0, 8.0])), [[NAN, 7.0], [8.0, NAN]])
    assert cells.on_series(np.zeros((3, 2))).shape == (3, 2, 2)


def test_gaps_of_two_hiding_rounds_stay_apart_when_cells_are_joined():
    values = np.array([[1.0], [NAN], [NAN], [1.0]])
    cells = Cells.at(np.isnan(values), values)
    both = Cells.joined([cells, cells.where(np.array([True, False]))])
    assert both.hiding_round.tolist() == [0, 0, 1]
    assert both.gap_sizes.tolist() == [2, 2, 1]


def test_hiding_rounds_stay_apart_when_joined_cells_are_joined_again():
    values = np.array([[1.0], [NAN], [1.0]])
    one = Cells.at(np.isnan(values), values)
    none = one.where(np.array([False]))
    nested = Cells.joined([Cells.joined([one, one]), none, Cells.joined([one, none, one])])
    assert nested.hiding_round.tolist() == [0, 1, 2, 3]
    assert (nested.n_rounds, none.n_rounds) == (4, 0)


def test_gaps_are_numbered_by_round_column_and_first_step():
    values = np.where(np.random.default_rng(0).random((6, 3)) < 0.5, NAN, 1.0)
    one = Cells.at(np.isnan(values), values)
    both = Cells.joined([one, one])
    keys = list(zip(both.hiding_round, both.column, both.gap, strict=True))
    assert len(set(both.gap_number.tolist())) == len(set(keys)) == len(set(zip(keys, both.gap_number, strict=True)))


def test_cells_are_the_same_in_blocks_of_columns(monkeypatch: pytest.MonkeyPatch):
    values = np.where(np.random.default_rng(0).random((40, 11)) < 0.5, NAN, np.arange(40.0)[:, None] // 20)
    whole = Cells.at(np.isnan(values), values)
    monkeypatch.setattr(column_blocks, "BLOCK_CELLS", 120)
    in_blocks = Cells.at(np.isnan(values), values)
    np.testing.assert_array_equal(in_blocks.kind, whole.kind)
    np.testing.assert_array_equal(in_blocks.gap, whole.gap)


def test_a_gap_ends_with_the_part_of_the_series_it_lies_in():
    values = np.arange(12.0)[:, None]
    values[[4, 5, 6, 7]] = np.nan
    cells = Cells.at(np.isnan(values), values, parts=2)
    alone = [Cells.at(np.isnan(part), part) for part in (values[:6], values[6:])]
    assert cells.kind.tolist() == [*alone[0].kind, *alone[1].kind]
    assert cells.gap.tolist() == [*alone[0].gap, *(alone[1].gap + 6)]
    assert cells.where(np.array([True, False, False, True])).parts == 2
    assert Cells.at(np.isnan(values), values).gap.tolist() == [4, 4, 4, 4]
