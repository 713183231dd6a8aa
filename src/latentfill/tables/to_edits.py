"""The estimates of a series turned into edits of its table: filled cells, new columns, added rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.tables.backends.edits import Edits, Extra, Fill
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.number_texts import decimals_for, format_numbers
from latentfill.tables.table import OutputRows, Table, output_rows


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What is to be written into a table; arrays are (T, C) like the values of its series."""

    values: FloatArray  # NaN leaves a cell as it is
    precision: int | None = None  # decimals of filled cells; None = what their column shows and its spread allows
    extras: Mapping[str, FloatArray] = field(default_factory=dict)  # new columns NAME_SUFFIX, by suffix


@dataclass(frozen=True, slots=True, eq=False)
class _FilledColumn:
    """One value column after filling; R rows of the output."""

    name: str
    values: FloatArray  # (R,)
    cells: BoolArray  # (R,) True where the table is written to
    texts: TextArray | None  # the cells of the table, unchanged; None where they are not text
    decimals: int | None  # of new cells; None = all that a number has, or no text is new
    mark: str  # decimal mark of new texts

    def fill(self) -> Fill:
        if self.texts is None or self.decimals is None:
            return Fill(self.values, self.cells)
        return Fill(self.values, self.cells, format_numbers(self.values[self.cells], self.decimals, self.mark))

    def extra(self, suffix: str, values: FloatArray, order: IntArray) -> Extra:
        """A new column of `values` (R,); where this column was observed, the text is that of its cell, unchanged."""
        name = f"{self.name}_{suffix}"
        if self.texts is None or self.decimals is None:
            return Extra(name, _rounded(values, self.decimals), ())
        new = format_numbers(values, self.decimals, self.mark)
        old = self.texts.to_pylist()
        is_new = self.cells | np.isnan(self.values)
        rows = zip(order.tolist(), is_new.tolist(), np.isnan(values).tolist(), new, strict=True)
        texts = [old[row] if row >= 0 and not fresh else "" if empty else text for row, fresh, empty, text in rows]
        return Extra(name, values, texts)


def make_edits(table: Table, estimates: Estimates) -> Edits:
    """The edits that write the estimates into the missing cells of a table.

    Raises
    ------
    InputError
        If the estimates have another shape than the series, hold infinities, or name a column that is there already.
    """
    _check(table, estimates)
    rows = output_rows(table)
    columns = dict(zip(table.positions, _fill_columns(table, estimates, rows), strict=True))
    extras = [
        column.extra(suffix, values[rows.steps, c], rows.order)
        for c, column in enumerate(columns.values())
        for suffix, values in estimates.extras.items()
    ]
    edits = Edits(rows.order, {at: column.fill() for at, column in columns.items()}, extras=extras)
    return _with_stamps(table, edits, rows.steps) if len(edits.added) else edits


def _check(table: Table, estimates: Estimates) -> None:
    values, precision, expected = estimates.values, estimates.precision, table.series.values.shape
    if values.shape != expected:
        raise InputError(f"The filled values have shape {values.shape}, but the series has {expected}.")
    if np.isinf(values).any():
        raise InputError("The filled values hold infinities. Use NaN for cells to be left as they are.")
    if precision is not None and not 0 <= precision <= 17:
        raise InputError(f"precision must be from 0 to 17 decimals, got {precision}.")
    new = [f"{name}_{suffix}" for name in table.series.columns for suffix in estimates.extras]
    taken = [name for name in new if name in table.source.names]
    if taken:
        raise InputError(
            f"The table already has a column {taken[0]!r}, which the bounds would be written to. Rename it, or write "
            "the bounds to a file of their own (--intervals-to)."
        )


def _fill_columns(table: Table, estimates: Estimates, rows: OutputRows) -> Iterator[_FilledColumn]:
    observed = table.series.values[rows.steps]
    new = _rounded(estimates.values[rows.steps], estimates.precision)
    cells = np.isnan(observed) & ~np.isnan(new)
    values = np.where(cells, new, observed)
    for c, at in enumerate(table.positions):
        texts, decimals = table.source.texts(at), estimates.precision
        has_new_texts = texts is not None and (bool(estimates.extras) or cells[:, c].any())
        if has_new_texts and decimals is None:
            by_row = table.series.values[table.series.step_of_row, c]
            decimals = max(0, decimals_for(texts, by_row, table.decimal))
        yield _FilledColumn(table.series.columns[c], values[:, c], cells[:, c], texts, decimals, table.decimal)


def _rounded(values: FloatArray, decimals: int | None) -> FloatArray:
    """Values with so many decimals; those too large to have decimals as they are."""
    if decimals is None:
        return values
    small = np.abs(values) < 1e15
    return np.where(small, np.round(np.where(small, values, 0.0), decimals), values)


def _with_stamps(table: Table, edits: Edits, steps: IntArray) -> Edits:
    """Add the time cells of the added rows, written like those of the row before in time."""
    assert table.axis is not None
    assert table.series.time is not None
    rows = table.series.rows
    new = steps[edits.added]
    last_with_row = np.maximum.accumulate(np.where(rows >= 0, np.arange(len(rows)), 0))
    stamps = table.axis.write(table.series.time[new], rows[last_with_row[new]])
    index = None if table.axis.columns else table.series.time[steps]
    return replace(edits, stamps=stamps, index=index)
