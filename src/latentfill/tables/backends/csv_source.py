"""`CsvSource`: a table read from a CSV file, which returns its columns and an edited copy of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.series import IntArray
from latentfill.tables.backends.arrow import in_one_piece
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.csv_layout import describe_layout
from latentfill.tables.backends.csv_text import CsvText
from latentfill.tables.backends.edits import Edits, Fill
from latentfill.tables.backends.integers import EXACT, as_integers
from latentfill.tables.backends.native import NativeFrame, TextArray
from latentfill.tables.backends.row_blocks import row_blocks
from latentfill.tables.backends.row_names import RowNames

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, eq=False)
class CsvSource:
    """A table read from a CSV file."""

    text: CsvText
    parsed: tuple[Column, ...] | None = None  # the columns, where they have been read before

    @property
    def names(self) -> tuple[str, ...]:
        return self.text.names

    @property
    def n_rows(self) -> int:
        return self.text.n_rows

    @property
    def notes(self) -> tuple[str, ...]:
        return self.text.notes

    @property
    def layout(self) -> Mapping[str, object]:
        return describe_layout(self.text)

    @property
    def index(self) -> Column | None:
        return None

    def columns(self) -> tuple[Column, ...]:
        texts = zip(self.names, self.text.cells, strict=True)
        return self.parsed or tuple(replace(Column.of_texts(*each), rows=self.text.rows) for each in texts)

    def with_columns_read(self) -> CsvSource:
        text = replace(self.text, cells=tuple(map(in_one_piece, self.text.cells)))  # from which rows are soon taken
        return CsvSource(text, CsvSource(text).columns())

    def texts(self, position: int) -> TextArray | None:
        return self.text.cells[position]

    def without_empty_end(self) -> CsvSource:
        shorter = self.text.without_empty_end()
        return self if shorter.n_rows == self.n_rows else CsvSource(shorter)

    def with_row_names(self, names: RowNames) -> CsvSource:
        parsed = None if self.parsed is None else tuple(replace(column, rows=names) for column in self.parsed)
        return CsvSource(replace(self.text, rows=names), parsed)

    def take(self, rows: IntArray) -> CsvSource:
        parsed = None if self.parsed is None else tuple(column.take(rows) for column in self.parsed)
        return CsvSource(self.text.take(rows), parsed)

    def to_csv(self, edits: Edits, delimiter: str = ",") -> bytes:
        """The file with cells replaced and rows and columns added; `delimiter` is ignored, the file keeps its own."""
        return self.text.encode(self._records(edits), [extra.name for extra in edits.extras])

    def _records(self, edits: Edits) -> Iterator[str]:
        """The records of the edited file, with the comments and blank lines between them."""
        cells = _new_texts(edits)
        extras = [extra.texts for extra in edits.extras if extra.texts is not None]
        for rows in row_blocks(len(edits.order), len(extras)):
            order = edits.order[rows].tolist()
            records = (self._record(row, cells.get(n, {})) for n, row in enumerate(order, rows.start))
            if extras:
                added = zip(*(texts[rows].to_pylist() for texts in extras), strict=True)
                records = (self.text.syntax.append_cells(*both) for both in zip(records, added, strict=True))
            if not self.text.between:
                yield from records
                continue
            for row, record in zip(order, records, strict=True):
                yield record
                yield self.text.between.get(row, "") if row >= 0 else ""

    def _record(self, row: int, cells: Mapping[int, str]) -> str:
        """The record of a row of the file with some cells replaced; a new record if `row` is negative."""
        if row < 0:
            return self.text.new_record(cells)
        record = self.text.records[row]
        return self.text.syntax.replace_cells(record, cells) if cells else record

    def to_frame(self, edits: Edits) -> NativeFrame:
        """A pyarrow table: value columns as float64 (integers that it cannot hold as integers), all others as text."""
        import pyarrow as pa

        names = [name or f"unnamed_{position + 1}" for position, name in enumerate(self.names)]
        arrays = [self._array(position, edits) for position in range(len(names))]
        names += [extra.name for extra in edits.extras]
        arrays += [pa.array(extra.values, pa.float64(), from_pandas=True) for extra in edits.extras]
        return pa.table(arrays, names=names)

    def _array(self, position: int, edits: Edits) -> TextArray:
        """One column of the edited table."""
        import pyarrow as pa

        fill = edits.fills.get(position)
        if fill is not None and not fill.is_labels:
            return self._numbers(position, fill, edits)
        cells = self.text.cells[position].take(edits.rows_to_take())
        if fill is None and position not in edits.stamps:
            return cells
        texts = np.array(cells.to_pylist(), dtype=object)
        if fill is not None:
            texts[fill.cells] = list(fill.texts or ())
        else:
            texts[edits.added] = list(edits.stamps[position])
        return pa.array(texts.tolist(), pa.string())

    def _numbers(self, position: int, fill: Fill, edits: Edits) -> pa.Array:
        """A value column as floats, or as integers where these are more than floats hold."""
        import pyarrow as pa

        if (np.abs(fill.values) > EXACT).any():
            texts = in_one_piece(self.text.cells[position].take(edits.rows_to_take()))
            whole = as_integers(texts, fill.values[fill.cells].tolist(), fill.cells, np.isnan(fill.values))
            if whole is not None:
                return whole
        return pa.array(fill.values, pa.float64(), from_pandas=True)


def _new_texts(edits: Edits) -> dict[int, dict[int, str]]:
    """New texts of cells, by row of the output and position of the column."""
    cells: dict[int, dict[int, str]] = {}
    for column, fill in edits.fills.items():
        for row, text in zip(np.flatnonzero(fill.cells).tolist(), fill.texts or (), strict=True):
            cells.setdefault(row, {})[column] = text
    for column, stamps in edits.stamps.items():
        for row, text in zip(edits.added.tolist(), stamps, strict=True):
            cells.setdefault(row, {})[column] = str(text)
    return cells
