"""`CsvText`: a CSV file as raw records, so that everything that is not filled is written back byte for byte."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from latentfill.core.series import IntArray
from latentfill.tables.backends.arrow import take_rows
from latentfill.tables.backends.csv_records import body
from latentfill.tables.backends.field_syntax import FieldSyntax
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.row_names import COUNTED, RowNames


@dataclass(frozen=True, slots=True, eq=False)
class CsvText:
    """One CSV file: the text of every cell, and the raw records to write it back."""

    names: tuple[str, ...]
    cells: tuple[TextArray, ...]  # one array per column, without quotes
    head: str  # text above the header, such as a preamble
    header: tuple[str, ...]  # records of names and units, each with its line end
    names_at: int | None  # the one of them that gets the names of new columns; None without a header
    records: tuple[str, ...]  # records of data, each with its line end
    between: Mapping[int, str]  # comments and blank lines, by the number of the record that they follow; -1: header
    tail: str  # text after the last record, such as blank lines
    syntax: FieldSyntax
    encoding: str
    bom: bytes  # byte order mark at the start of the file
    notes: tuple[str, ...] = ()  # about the layout
    comment: str = ""  # start of lines that are no rows; "" if there are none
    rows: RowNames = COUNTED  # the lines in which the records begin

    @property
    def n_rows(self) -> int:
        """Number of records of data."""
        return len(self.records)

    @property
    def line_end(self) -> str:
        """The line end of the first record, which new records get too."""
        first = self.header[0] if self.header else self.records[0]
        end = first[len(body(first)) :]
        return end[: 2 if end.startswith("\r\n") else 1]  # without blank lines after the header

    def without_empty_end(self) -> CsvText:
        """The same file, with empty records at its end moved to the tail."""
        if len(self.names) < 2:  # in a single column, an empty record is a missing cell
            return self
        keep = self.n_rows
        while keep > 1 and not any(column[keep - 1].as_py().strip() for column in self.cells):
            keep -= 1
        moved = (self.records[row] + self.between.get(row, "") for row in range(keep, self.n_rows))
        return replace(
            self,
            cells=tuple(column.slice(0, keep) for column in self.cells),
            records=self.records[:keep],
            between={row: text for row, text in self.between.items() if row < keep},
            tail="".join(moved) + self.tail,
        )

    def take(self, rows: IntArray) -> CsvText:
        """The same file with only these records, without what stands between them and below."""
        return replace(
            self,
            cells=tuple(take_rows(column, rows) for column in self.cells),
            records=tuple(self.records[row] for row in rows.tolist()),
            between={},
            tail="",
            rows=self.rows.take(rows),
        )

    def new_record(self, cells: Mapping[int, str]) -> str:
        """A record with the given cells, by position; its other cells are empty."""
        texts = [cells.get(position, "") for position in range(len(self.names))]
        return self.syntax.join_fields(texts) + self.line_end

    def encode(self, records: Iterable[str], added: Sequence[str] = ()) -> bytes:
        """The bytes of this file with other `records`; the names `added` are appended to the header."""
        lines = chain(self._header(added), records)
        if self.n_rows and not self.records[-1].endswith(("\n", "\r")):  # records may follow the last line of the file
            lines = chain(self._with_line_ends(lines))
        return self.bom + _encoded(chain([self.head], lines, [self.tail]), self.encoding)

    def _header(self, added: Sequence[str]) -> Iterator[str]:
        """The header and what follows it up to the first record; rows of units get empty cells for new columns."""
        for at, record in enumerate(self.header):
            cells = added if at == self.names_at else [""] * len(added)
            yield self.syntax.append_cells(record, cells) if added else record
        yield self.between.get(-1, "")

    def _with_line_ends(self, records: Iterable[str]) -> Iterator[str]:
        """The records, each with a line end but the last."""
        end = ""
        for record in filter(None, records):
            text = body(record)
            yield end + text
            end = record[len(text) :] or self.line_end


def format_csv(names: Sequence[str], blocks: Iterable[Sequence[Sequence[object]]], delimiter: str = ",") -> bytes:
    """A new UTF-8 CSV file from blocks of rows, each given as the cells of its columns."""
    header = [[name] for name in names]
    return _encoded(_formatted(chain([header], blocks), delimiter), "utf-8")


def _formatted(blocks: Iterable[Sequence[Sequence[object]]], delimiter: str) -> Iterator[str]:
    """The text of each block of rows."""
    for columns in blocks:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(zip(*columns, strict=True))
        yield out.getvalue()


def _encoded(texts: Iterable[str], encoding: str) -> bytes:
    """The bytes of the texts one after the other."""
    encoder = codecs.getincrementalencoder(encoding)()
    return b"".join([*map(encoder.encode, texts), encoder.encode("", final=True)])
