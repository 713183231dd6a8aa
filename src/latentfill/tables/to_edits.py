"""Turns the estimates of a series into edits of its table: filled cells, new columns and added rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.tables.backends.arrow import in_one_piece, mask_array, text_array
from latentfill.tables.backends.edits import Edits, Extra, Fill, rows_to_take
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.number_texts import decimals_for, format_numbers, own_style
from latentfill.tables.backends.numbers import NumberStyle
from latentfill.tables.long_edits import long_edits
from latentfill.tables.table import OutputRows, Table, TextForm, output_rows


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates to write into a table; arrays are (T, C) like the values of its series."""

    values: FloatArray  # NaN: the cell stays as it is
    precision: int | None = None  # decimals of filled cells; None: see `decimals_for`
    extras: Mapping[str, FloatArray] = field(default_factory=dict)  # values of new columns NAME_SUFFIX, by suffix


@dataclass(frozen=True, slots=True, eq=False)
class _FilledColumn:
    """One value column after filling; R rows of the output."""

    name: str
    values: FloatArray  # (R,)
    cells: BoolArray  # (R,) True for filled cells
    texts: TextArray | None  # the column as read; None if it is not text
    decimals: int | None  # of new cells; None: numbers are not rounded, or there is no new text
    style: NumberStyle  # of new texts
    labels: tuple[str, ...] | None = None  # of a column whose values number its labels

    def fill(self) -> Fill:
        """The edit that writes the filled cells."""
        if self.labels is not None:
            texts = [self.labels[number] for number in self.values[self.cells].astype(np.int64).tolist()]
            return Fill(self.values, self.cells, texts, is_labels=True)
        if self.texts is None or self.decimals is None:
            return Fill(self.values, self.cells)
        return Fill(self.values, self.cells, format_numbers(self.values[self.cells], self.decimals, self.style))

    def extra(self, suffix: str, values: FloatArray, order: IntArray) -> Extra:
        """The edit that adds a column with `values` (R,); it repeats the texts of observed cells of this column."""
        import pyarrow.compute as pc

        name = f"{self.name}_{suffix}"
        if self.texts is None or self.decimals is None:
            return Extra(name, _rounded(values, self.decimals), None)
        is_new = self.cells | np.isnan(self.values)
        has_text = is_new & ~np.isnan(values)
        new = np.full(len(values), "", dtype=object)
        new[has_text] = format_numbers(values[has_text], self.decimals, self.style)
        old = in_one_piece(self.texts.take(rows_to_take(order)))
        texts = pc.replace_with_mask(old, mask_array(is_new), text_array(new[is_new].tolist()))
        return Extra(name, values, texts)


def make_edits(table: Table, estimates: Estimates) -> Edits:
    """The edits that write the estimates into the missing cells of a table.

    Raises
    ------
    InputError
        If the estimates have another shape than the series or infinite values, or if a new column has the name of an
        existing column.
    """
    _check(table, estimates)
    rows = output_rows(table)
    columns = list(_fill_columns(table, estimates, rows))
    fills = [column.fill() for column in columns]
    extras = [
        [column.extra(suffix, values[rows.steps, c], rows.order) for suffix, values in estimates.extras.items()]
        for c, column in enumerate(columns)
        if column.labels is None
    ]
    if table.pivot is not None:
        return long_edits(table, fills, dict(zip(estimates.extras, zip(*extras, strict=True), strict=True)))
    by_position = dict(zip(table.positions, fills, strict=True))
    edits = Edits(rows.order, by_position, extras=[extra for of_column in extras for extra in of_column])
    return _with_stamps(table, edits, rows.steps) if len(edits.added) else edits


def _check(table: Table, estimates: Estimates) -> None:
    values, precision, expected = estimates.values, estimates.precision, table.series.values.shape
    if values.shape != expected:
        raise InputError(f"The filled values have shape {values.shape}, but the series has {expected}.")
    if np.isinf(values).any():
        raise InputError("The filled values hold infinities. Use NaN for cells that should stay as they are.")
    if precision is not None and not 0 <= precision <= 17:
        raise InputError(f"precision must be from 0 to 17 decimals, got {precision}.")
    names = frozenset(table.source.names)
    new = (f"{name}_{suffix}" for name in table.filled_columns for suffix in estimates.extras)
    taken = [name for name in new if name in names]
    if taken:
        raise InputError(
            f"The table already has a column {quoted(taken[0])}, which is a name of the new columns for the bounds. "
            "Rename "
            "it, or write the bounds to a separate file with --intervals-to."
        )


def _fill_columns(table: Table, estimates: Estimates, rows: OutputRows) -> Iterator[_FilledColumn]:
    """The value columns of the table after filling, in their order."""
    observed = table.as_read[rows.steps]
    new = _rounded(estimates.values[rows.steps], estimates.precision)
    cells = np.isnan(observed) & ~np.isnan(new)
    values, steps = np.where(cells, new, observed), table.series.step_of_row
    for c, name in enumerate(table.series.columns):
        if name in table.series.labels:
            yield _FilledColumn(name, values[:, c], cells[:, c], None, None, table.style, table.series.labels[name])
            continue
        texts, decimals, style = table.texts(c), estimates.precision, table.style
        if texts is not None and (estimates.extras or cells[:, c].any()):
            form = table.forms.get(name) or form_of(texts, table.series.values[steps, c], style)
            decimals, style = form.decimals if decimals is None else decimals, form.style
        yield _FilledColumn(name, values[:, c], cells[:, c], texts, decimals, style)


def form_of(texts: TextArray, values: FloatArray, style: NumberStyle) -> TextForm:
    """The form of new cells of a whole column, with its `values`, in a table whose numbers have this style."""
    return TextForm(max(0, decimals_for(texts, values, style)), own_style(texts, style))


def _rounded(values: FloatArray, decimals: int | None) -> FloatArray:
    """Values rounded to `decimals`; values of 1e15 and more, which have no decimals, stay as they are."""
    if decimals is None:
        return values
    small = np.abs(values) < 1e15
    return np.where(small, np.round(np.where(small, values, 0.0), decimals), values)


def _with_stamps(table: Table, edits: Edits, steps: IntArray) -> Edits:
    """Add the time stamps of the added rows, each written in the style of the previous row in time order."""
    assert table.axis is not None
    assert table.series.time is not None
    rows = table.series.rows
    new = steps[edits.added]
    last_with_row = np.maximum.accumulate(np.where(rows >= 0, np.arange(len(rows)), 0))
    stamps = table.axis.write(table.series.time[new], rows[last_with_row[new]])
    index = None if table.axis.columns else table.series.time[steps]
    return replace(edits, stamps=stamps, index=index)
