"""Columns of a table and their scaled working columns."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import Series
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_units import ColumnCells, ColumnUnits
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import Classes
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.number import Number
from latentfill.windows.scaling import ColumnScaler

NAN = np.nan
N = 30
KINDS = ColumnKinds((Number(), Circular(), Classes(values=(10.0, 20.0, 90.0)), Classes(values=(0.0, 1.0))))


@pytest.fixture
def series() -> Series:
    """A number, a direction, a code and a flag with gaps."""
    rng = np.random.default_rng(0)
    columns = (
        rng.normal(5, 2, N),
        rng.uniform(0, 360, N),
        rng.choice([10.0, 20.0, 90.0], N),
        rng.choice([0.0, 1.0], N),
    )
    values = np.stack(columns, axis=1)
    values[4:7, 0] = values[5:8, 1] = values[6, 2] = values[[2, 20], 3] = NAN
    return Series(values, ("a", "dir", "mode", "flag"), None, np.arange(N))


@pytest.fixture
def units(series: Series) -> ColumnUnits:
    return ColumnUnits(KINDS, ColumnScaler.fit(KINDS.encode(series).values), series)


def test_errors_are_in_units_of_the_columns(units: ColumnUnits, series: Series):
    spread = [kind.spread(column) for kind, column in zip(KINDS.kinds, series.values.T, strict=True)]
    assert units.error_scale[0] == pytest.approx(np.nanstd(series.values[:, 0]))
    assert units.error_scale[1] == pytest.approx(np.rad2deg(1.0))
    np.testing.assert_allclose(units.error_scale[2:], spread[2:])


def test_working_cells_are_scaled_back(units: ColumnUnits, series: Series):
    working = KINDS.encode(series).values
    scaled, column = units.scaler.apply(working), np.arange(7)
    np.testing.assert_allclose(units.invert_at(scaled[0], column), working[0])
    np.testing.assert_allclose(units.invert_at(scaled[9, [3, 1]], np.array([3, 1])), working[9, [3, 1]])


def test_errors_of_classes_are_right_or_wrong_and_no_amounts(units: ColumnUnits, series: Series):
    missing = ~series.observed
    cells = Cells.at(missing, series.values)
    assert units.are_amounts(cells).tolist() == [bool(c < 2) for c in cells.column]


def test_a_cell_has_the_rows_of_its_working_cells(series: Series):
    working, missing = KINDS.encode(series).values, ~series.observed
    cells = Cells.at(np.isnan(working), working)
    of_columns = ColumnCells.of(cells, missing, KINDS)
    step, column = np.nonzero(missing)
    assert (of_columns.cells.step.tolist(), of_columns.cells.column.tolist()) == (step.tolist(), column.tolist())
    assert of_columns.cells.shape == series.values.shape
    for row, t, c in zip(of_columns.rows, step, column, strict=True):
        first = [0, 1, 3, 6][c]
        assert set(cells.step[row]) == {t}
        assert set(cells.column[row]) == set(range(first, first + KINDS.kinds[c].width))
        assert cells.column[row[0]] == first
    np.testing.assert_array_equal(of_columns.lead, of_columns.rows[:, 0])


def test_values_of_working_cells_are_averaged_for_their_cell(series: Series):
    working, missing = KINDS.encode(series).values, ~series.observed
    cells = Cells.at(np.isnan(working), working)
    of_columns = ColumnCells.of(cells, missing, KINDS)
    values = np.random.default_rng(1).normal(size=(len(cells), 2))
    means = of_columns.mean(values)
    is_code = np.flatnonzero(of_columns.cells.column == 2)
    its_rows = np.flatnonzero((cells.step == 6) & (cells.column >= 3) & (cells.column < 6))
    np.testing.assert_allclose(means[is_code], values[its_rows].mean(axis=0)[None])
    is_number = np.flatnonzero(of_columns.cells.column == 0)
    np.testing.assert_allclose(means[is_number], values[np.flatnonzero(cells.column == 0)])


def test_plain_columns_are_their_own_working_columns(series: Series):
    missing = ~series.observed
    cells = Cells.at(missing, series.values)
    of_columns = ColumnCells.of(cells, missing, ColumnKinds.plain(4))
    values = np.arange(len(cells), dtype=float)
    assert of_columns.cells is cells
    assert of_columns.mean(values) is values
    plain = ColumnUnits.plain(ColumnScaler.fit(series.values))
    np.testing.assert_array_equal(plain.error_scale, plain.scaler.scale)


def test_a_column_is_given_with_its_times_and_longer_if_steps_follow(units: ColumnUnits, series: Series):
    column = units.column(0, N + 3)
    assert column is not None
    np.testing.assert_array_equal(column.values, [*series.values[:, 0], NAN, NAN, NAN])
    assert column.times.position[-4:].tolist() == [29, 30, 31, 32]
    assert units.column(0, N - 1) is None
    assert ColumnUnits(KINDS, units.scaler).column(0, N) is None
