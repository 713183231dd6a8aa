"""Turns the filled columns of a pivoted table into edits of the long table that it was read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.tables.backends.arrow import text_array
from latentfill.tables.backends.column import read_values
from latentfill.tables.backends.edits import Edits, Extra, Fill, StampCells
from latentfill.tables.table import Table, output_rows


@dataclass(frozen=True, slots=True, eq=False)
class LongRows:
    """For each of the R rows of the filled long table, its row in the source and its cell in the wide output."""

    order: IntArray  # (R,) row of the source, -1 for an added row
    places: IntArray  # (R,) row of the wide output, see `output_rows`
    columns: IntArray  # (R,) column of the series, -1 for a reading of a parameter that is not filled
    above: IntArray  # (R,) the row of the source itself, or the one that an added row stands below

    def pick(self, cells: NDArray[Any], otherwise: ArrayLike) -> NDArray[Any]:
        """The cells of the wide output (wide rows, C) as a column (R,); `otherwise` where a parameter is not filled."""
        return np.where(self.columns >= 0, cells[self.places, self.columns], otherwise)


def long_rows(table: Table, filled: BoolArray) -> LongRows:
    """The rows of the filled long table; `filled` (T, C) are the cells that are filled.

    A filled cell without a reading becomes a new row, below the last row of its time stamp. Where no row has this
    stamp, it stands below those of the stamp before, in the order of the table.
    """
    pivot, wide = table.pivot, output_rows(table)
    assert pivot is not None
    is_row = wide.order >= 0
    place_of = np.empty(len(pivot.time), dtype=np.int64)
    place_of[wide.order[is_row]] = np.flatnonzero(is_row)
    parameters = np.array(table.positions) - 1  # the first column of the wide table has the time stamps
    column_of = np.full(len(pivot.parameters.names), -1)
    column_of[parameters] = np.arange(len(parameters))
    has_reading = is_row[:, None] & (pivot.rows[wide.order][:, parameters] >= 0)
    new_places, new_columns = np.nonzero(filled[wide.steps] & ~has_reading)
    before = np.maximum.accumulate(np.where(is_row, np.arange(len(is_row)), 0))
    n_rows, added = table.n_rows, np.full(len(new_places), -1)
    above = np.concatenate([np.arange(n_rows), pivot.last_rows[wide.order[before]][new_places]])
    order = np.argsort(above, kind="stable")
    return LongRows(
        order=np.concatenate([np.arange(n_rows), added])[order],
        places=np.concatenate([place_of[pivot.wide_row], new_places])[order],
        columns=np.concatenate([column_of[pivot.parameters.of_row], new_columns])[order],
        above=above[order],
    )


def count_added(table: Table, values: FloatArray) -> int:
    """How many rows the filled table has that the source has not; `values` (T, C) are those of the filled series."""
    rows = output_rows(table) if table.pivot is None else long_rows(table, table.filled_by(values))
    return int(np.count_nonzero(rows.order < 0))


def long_edits(table: Table, fills: Sequence[Fill], extras: Mapping[str, Sequence[Extra]]) -> Edits:
    """The edits of the long table from those of the C columns of the wide one, the new columns by suffix."""
    assert table.pivot is not None
    cells = np.column_stack([fill.cells for fill in fills])
    filled = np.zeros(table.series.values.shape, dtype=bool)
    filled[output_rows(table).steps] = cells
    rows = long_rows(table, filled)
    return Edits(
        order=rows.order,
        fills={table.pivot.parameters.value_position: _fill(table, fills, rows)},
        stamps=_new_cells(table, rows),
        index=_index(table, rows),
        extras=[_extra(f"{table.pivot.values.name}_{suffix}", each, rows) for suffix, each in extras.items()],
    )


def _fill(table: Table, fills: Sequence[Fill], rows: LongRows) -> Fill:
    assert table.pivot is not None
    read = read_values(table.pivot.values, (), table.style)
    assert read is not None
    values = rows.pick(np.column_stack([fill.values for fill in fills]), read.values[np.maximum(rows.order, 0)])
    cells = rows.pick(np.column_stack([fill.cells for fill in fills]), False)
    if all(fill.texts is None for fill in fills):
        return Fill(values, cells)
    texts = np.full((len(fills[0].cells), len(fills)), "", dtype=object)
    for c, fill in enumerate(fills):
        texts[fill.cells, c] = fill.texts or ()
    return Fill(values, cells, rows.pick(texts, "")[cells].tolist())


def _extra(name: str, extras: Sequence[Extra], rows: LongRows) -> Extra:
    values = rows.pick(np.column_stack([extra.values for extra in extras]), np.nan)
    if all(extra.texts is None for extra in extras):
        return Extra(name, values, None)
    texts = np.full((len(extras[0].values), len(extras)), "", dtype=object)
    for c, extra in enumerate(extras):
        if extra.texts is not None:
            texts[:, c] = extra.texts.to_pylist()
    return Extra(name, values, text_array(rows.pick(texts, "").tolist()))


def _new_cells(table: Table, rows: LongRows) -> dict[int, StampCells]:
    """The cells of the added rows in the time columns and in the column of parameters."""
    added = rows.order < 0
    if not added.any():
        return {}
    assert table.pivot is not None
    assert table.axis is not None
    names = [table.series.columns[column] for column in rows.columns[added].tolist()]
    stamps = table.axis.write(_times(table, rows)[added], rows.above[added])
    return {**stamps, table.pivot.parameters.position: names}


def _index(table: Table, rows: LongRows) -> NDArray[np.datetime64] | None:
    """The new time index of a frame that has one, if rows are added."""
    assert table.axis is not None
    is_index = not table.axis.columns and (rows.order < 0).any()
    return _times(table, rows) if is_index else None


def _times(table: Table, rows: LongRows) -> NDArray[np.datetime64]:
    """The time stamp of each row of the filled long table."""
    assert table.series.time is not None
    return table.series.time[output_rows(table).steps[rows.places]]
