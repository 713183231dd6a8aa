"""The file format of spreadsheets, which needs the libraries of `latentfill[excel]`."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.files import write_bytes
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.excel_source import INSTALL, ExcelSource, read_excel
from latentfill.tables.backends.file_format import NewColumns, as_arrow
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.source import Source

_MOST_ROWS = 1_048_576  # of a sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcelFormat:
    """Spreadsheets. A table that was read from one keeps all cells that are not filled, and its other sheets."""

    name: str
    suffixes: tuple[str, ...]
    writable: bool

    def read(self, path: Path, request: ReadRequest) -> Source:
        return read_excel(path, request)

    def write(self, source: Source, edits: Edits, path: Path) -> None:
        try:
            import openpyxl  # noqa: F401
        except ImportError as error:
            raise InputError(f"{path} cannot be written. {INSTALL}") from error
        if isinstance(source, ExcelSource) and source.path.suffix.lower() == ".xlsx" and not len(edits.added):
            write_bytes(path, source.to_workbook(edits))
            return
        table = as_arrow(source.to_frame(edits))
        self._write({name: table.column(number).to_pylist() for number, name in enumerate(table.column_names)}, path)

    def write_columns(self, columns: NewColumns, path: Path) -> None:
        self._write({name: array.tolist() for name, array in columns.items()}, path)

    def _write(self, columns: dict[str, list[object]], path: Path) -> None:
        """Write a new workbook with one sheet."""
        from openpyxl import Workbook

        n_rows = max(map(len, columns.values()), default=0)
        if n_rows >= _MOST_ROWS:
            raise InputError(f"{path} cannot hold {n_rows} rows, a sheet has {_MOST_ROWS}. Write a .csv or .parquet.")
        book = Workbook(write_only=True)
        sheet = book.create_sheet("table")
        sheet.append(list(columns))
        for row in zip(*columns.values(), strict=True):
            sheet.append([None if value != value else value for value in row])
        out = io.BytesIO()
        book.save(out)
        write_bytes(path, out.getvalue())
