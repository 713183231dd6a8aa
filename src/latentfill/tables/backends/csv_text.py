"""`CsvText`: a CSV file as raw records, so that everything that is not filled is written back byte for byte."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from latentfill.tables.backends.csv_records import append_cells, body, join_fields
from latentfill.tables.backends.native import TextArray


@dataclass(frozen=True, slots=True, eq=False)
class CsvText:
    """One CSV file: the text of every cell, and the raw records to write it back."""

    names: tuple[str, ...]
    cells: tuple[TextArray, ...]  # one array per column, without quotes
    records: tuple[str, ...]  # header first, each with its line end
    tail: str  # text after the last record, such as blank lines
    delimiter: str
    encoding: str
    bom: bytes  # byte order mark at the start of the file

    @property
    def n_rows(self) -> int:
        """Number of records below the header."""
        return len(self.records) - 1

    @property
    def line_end(self) -> str:
        """The line end of the header, which new records get too."""
        end = self.records[0][len(body(self.records[0])) :]
        return end[: 2 if end.startswith("\r\n") else 1]  # without blank lines after the header

    def without_empty_end(self) -> CsvText:
        """The same file, with empty records at its end moved to the tail."""
        if len(self.names) < 2:  # in a single column, an empty record is a missing cell
            return self
        keep = self.n_rows
        while keep > 1 and not any(column[keep - 1].as_py().strip() for column in self.cells):
            keep -= 1
        return replace(
            self,
            cells=tuple(column.slice(0, keep) for column in self.cells),
            records=self.records[: keep + 1],
            tail="".join(self.records[keep + 1 :]) + self.tail,
        )

    def new_record(self, cells: Mapping[int, str]) -> str:
        """A record with the given cells, by position; its other cells are empty."""
        texts = [cells.get(position, "") for position in range(len(self.names))]
        return join_fields(texts, self.delimiter) + self.line_end

    def encode(self, records: Iterable[str], added: Sequence[str] = ()) -> bytes:
        """The bytes of this file with other `records`; the names `added` are appended to the header."""
        header = append_cells(self.records[0], self.delimiter, added) if added else self.records[0]
        lines: Iterable[str] = chain([header], records)
        if self.n_rows and not self.records[-1].endswith(("\n", "\r")):  # records may follow the last line of the file
            lines = self._with_line_ends(lines)
        return self.bom + _encoded(chain(lines, [self.tail]), self.encoding)

    def _with_line_ends(self, records: Iterable[str]) -> Iterator[str]:
        """The records, each with a line end but the last."""
        end = ""
        for record in records:
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
