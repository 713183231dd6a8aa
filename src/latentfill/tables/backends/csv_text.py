"""A CSV file as raw records, so that whatever is not filled is written back byte for byte."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from latentfill.tables.backends.csv_records import append_cells, body, join_fields
from latentfill.tables.backends.native import TextArray


@dataclass(frozen=True, slots=True, eq=False)
class CsvText:
    """One CSV file: the raw records for writing back and the text of every cell for reading."""

    names: tuple[str, ...]
    cells: tuple[TextArray, ...]  # one for each column, quotes taken off
    records: tuple[str, ...]  # header first, each with its own line end
    tail: str  # what follows the last record, such as blank lines
    delimiter: str
    encoding: str
    bom: bytes  # byte order mark at the start of the file

    @property
    def n_rows(self) -> int:
        """Records below the header."""
        return len(self.records) - 1

    @property
    def line_end(self) -> str:
        """The line end of the header, used for new records."""
        end = self.records[0][len(body(self.records[0])) :]
        return end[: 2 if end.startswith("\r\n") else 1]  # blank lines may follow

    def without_empty_end(self) -> CsvText:
        """The same file, its last records counted to the tail where they hold nothing but delimiters."""
        if len(self.names) < 2:  # such a record is a missing cell
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
        """A record with the given cells, by position, and nothing in the others."""
        texts = [cells.get(position, "") for position in range(len(self.names))]
        return join_fields(texts, self.delimiter) + self.line_end

    def encode(self, records: Iterable[str], added: Sequence[str] = ()) -> bytes:
        """The bytes of a file like this one with other records; `added` are names put after those in its header."""
        header = append_cells(self.records[0], self.delimiter, added) if added else self.records[0]
        whole = [header, *records]
        unfinished = not self.records[-1].endswith(("\n", "\r"))
        if unfinished and self.n_rows:  # the last line of the file has no line end; records may follow it now
            whole = [body(record) + (record[len(body(record)) :] or self.line_end) for record in whole]
            whole[-1] = body(whole[-1])
        return self.bom + ("".join(whole) + self.tail).encode(self.encoding)


def format_csv(names: Sequence[str], columns: Sequence[Sequence[object]], delimiter: str = ",") -> bytes:
    """A new UTF-8 CSV file from columns of cells."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode()
