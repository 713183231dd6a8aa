"""The file format CSV: text with any delimiter, gzipped or not."""

from __future__ import annotations

from pathlib import Path

from latentfill.core.files import write_bytes
from latentfill.tables.backends.csv_reading import read_csv
from latentfill.tables.backends.csv_source import CsvSource
from latentfill.tables.backends.csv_text import format_csv
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.file_format import NewColumns
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.row_blocks import row_blocks
from latentfill.tables.backends.source import Source


class CsvFormat:
    """Delimited text. A table that was read from CSV keeps its texts, delimiter and encoding when it is written."""

    name = "CSV"
    writable = True
    suffixes = (".csv", ".tsv", ".txt", ".dat", ".asc", ".rdb", ".csv.gz", ".tsv.gz", ".txt.gz", ".dat.gz", ".asc.gz")

    def read(self, path: Path, request: ReadRequest) -> Source:
        return CsvSource(read_csv(path, request))

    def write(self, source: Source, edits: Edits, path: Path) -> None:
        """Write the edited table; if it was not read from CSV, with tabs for a name with `.tsv`, else with commas."""
        write_bytes(path, source.to_csv(edits, "\t" if ".tsv" in path.name.lower() else ","))

    def write_columns(self, columns: NewColumns, path: Path) -> None:
        n_rows = max(map(len, columns.values()), default=0)
        blocks = (
            [["" if value != value else value for value in array[rows].tolist()] for array in columns.values()]
            for rows in row_blocks(n_rows, len(columns))
        )
        write_bytes(path, format_csv(list(columns), blocks))
