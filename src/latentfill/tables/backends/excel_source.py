"""`ExcelSource`: a sheet of a spreadsheet, which returns its columns and an edited copy of the workbook."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.memory_limit import check_memory
from latentfill.core.messages import counted
from latentfill.core.series import IntArray
from latentfill.core.text_files import MEMORY_PER_BYTE
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.declared_sizes import workbook_cells
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.frames import FrameSource, frame_source
from latentfill.tables.backends.header_rows import column_names, find_header, requested_header
from latentfill.tables.backends.native import NativeFrame, TextArray
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.row_names import RowNames

if TYPE_CHECKING:
    import pyarrow as pa

Cell: TypeAlias = "str | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta"
MEMORY_PER_CELL = 64  # bytes of an empty cell, as the libraries keep it
INSTALL = "Excel files need two libraries: pip install 'latentfill[excel]'."


@dataclass(frozen=True, slots=True, eq=False)
class ExcelSource:
    """A table in a sheet of a spreadsheet."""

    path: Path
    content: bytes  # of the file, into a copy of which is written
    sheet: str
    header: int | None  # row of the sheet with the names, counted from 0; None without names
    rows: tuple[int, ...]  # row of the sheet for each row of the table
    table: FrameSource
    layout: Mapping[str, object]
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.table.names

    @property
    def n_rows(self) -> int:
        return self.table.n_rows

    @property
    def index(self) -> Column | None:
        return None

    def columns(self) -> tuple[Column, ...]:
        return self.table.columns()

    def texts(self, position: int) -> TextArray | None:
        return self.table.texts(position)

    def without_empty_end(self) -> ExcelSource:
        return self

    def with_row_names(self, names: RowNames) -> ExcelSource:
        return replace(self, table=self.table.with_row_names(names))

    def take(self, rows: IntArray) -> ExcelSource:
        return replace(self, rows=tuple(self.rows[row] for row in rows.tolist()), table=self.table.take(rows))

    def with_columns_read(self) -> ExcelSource:
        return replace(self, table=self.table.with_columns_read())

    def to_frame(self, edits: Edits) -> NativeFrame:
        return self.table.to_frame(edits)

    def to_csv(self, edits: Edits, delimiter: str = ",") -> bytes:
        return self.table.to_csv(edits, delimiter)

    def to_workbook(self, edits: Edits) -> bytes:
        """The workbook with filled cells and new columns; all else, also other sheets, stays as it was."""
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(self.content))
        sheet = book[self.sheet]
        for position, fill in edits.fills.items():
            style = self._usual_format(sheet, position)
            rows = np.flatnonzero(fill.cells).tolist()
            cells = (fill.texts or ()) if fill.is_labels else fill.values[rows].tolist()
            for row, value in zip(rows, cells, strict=True):
                cell = sheet.cell(self.rows[row] + 1, position + 1)
                cell.value, cell.number_format = value, style
        width = len(self.names)
        for number, extra in enumerate(edits.extras, start=width + 1):
            if self.header is not None:
                sheet.cell(self.header + 1, number, extra.name)
            for row, value in zip(self.rows, extra.values.tolist(), strict=True):
                if value == value:
                    sheet.cell(row + 1, number, value)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def _usual_format(self, sheet: object, position: int) -> str:
        """The number format of the first filled cell in a column."""
        cells = (sheet.cell(row + 1, position + 1) for row in self.rows)  # type: ignore[attr-defined]
        return next((str(cell.number_format) for cell in cells if cell.value is not None), "General")


def read_excel(path: Path, request: ReadRequest) -> ExcelSource:
    """Read a sheet of a spreadsheet (.xlsx, .xls, .xlsb, .ods); its header is detected if it is not given.

    Raises an `InputError` if the workbook has several sheets with cells and the request names none of them.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise InputError(f"{path} cannot be read. {INSTALL}") from error
    try:
        unpacked, n_cells = workbook_cells(path)
        check_memory(MEMORY_PER_BYTE * unpacked + MEMORY_PER_CELL * n_cells, path)
        book = CalamineWorkbook.from_path(str(path))
        sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
    except (CalamineError, OSError, zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
        raise InputError(f"{path} is not a readable spreadsheet ({error}). Save it again as .xlsx.") from error
    filled = [name for name, sheet in sheets.items() if sheet.height and sheet.width]
    name = _chosen(path, list(sheets), filled, request.sheet)
    cells: list[list[Cell]] = sheets[name].to_python(skip_empty_area=False)
    return _source(path, name, cells, request, tuple(sheets))


def _chosen(path: Path, sheets: Sequence[str], filled: Sequence[str], wanted: str | None) -> str:
    """The sheet that is named, or the only one with cells."""
    listed = ", ".join(map(repr, sheets))
    if wanted is not None and wanted not in sheets:
        raise InputError(f"{path} has no sheet {wanted!r}. Its sheets are {listed}.")
    if wanted is None and len(filled) > 1:
        raise InputError(f"{path} has several sheets: {listed}. Name one of them: --sheet {filled[0]!r}.")
    if wanted is None and not filled:
        raise InputError(f"{path} is empty. A table needs a header row and at least two rows.")
    return wanted or filled[0]


def _source(
    path: Path, sheet: str, cells: list[list[Cell]], request: ReadRequest, sheets: Sequence[str]
) -> ExcelSource:
    """The table in the cells of a sheet; `sheets` are the names of all."""
    width = max((len(_without_empty_end(row)) for row in cells), default=0)
    skipped = request.skip_rows or 0
    kept = [at for at, row in enumerate(cells) if at >= skipped and any(text != "" for text in row[:width])]
    texts = [_padded([_as_text(cell) for cell in cells[at][:width]], width) for at in kept]
    header = requested_header(find_header(texts, width), request)
    data = kept[header.data :]
    if not data:
        raise InputError(f"{path}, sheet {sheet!r}, has a header row but no rows. A table needs at least two.")
    rows = [_padded(row, width) for row in texts[header.first : header.units]]
    names = column_names(rows, texts[header.data :], width, request, path)
    import pyarrow as pa

    columns = [_array([cells[row][c] if c < len(cells[row]) else "" for row in data]) for c in range(width)]
    named = header.units > header.first
    above = kept[header.first] if named else 0
    notes = [f"Rows 1 to {above}, above the table, are kept unchanged."] if above else []
    if header.data > header.units:
        notes.append(f"Below the column names, {counted(header.data - header.units, 'row')} without data: kept.")
    return ExcelSource(
        path=path,
        content=path.read_bytes(),
        sheet=sheet,
        header=kept[header.units - 1] if named else None,
        rows=tuple(data),
        table=frame_source(pa.table(columns, names=names), RowNames(numbers=np.array(data) + 1)),
        layout={
            "sheet": sheet,
            "sheets": list(sheets),
            "rows_above": above,
            "header_rows": header.units - header.first,
            "units_rows": [", ".join(filter(None, row)) for row in texts[header.units : header.data]],
        },
        notes=tuple(notes),
    )


def _without_empty_end(row: Sequence[Cell]) -> Sequence[Cell]:
    end = len(row)
    while end and row[end - 1] == "":
        end -= 1
    return row[:end]


def _padded(row: Sequence[str], width: int) -> list[str]:
    """A row with as many cells as the table; a row with few filled cells, such as a title, only up to these."""
    n_filled = sum(text != "" for text in row)
    if width > 2 and n_filled <= 1:
        return [text for text in row if text]
    return [*row, *[""] * (width - len(row))]


def _as_text(cell: Cell) -> str:
    """A cell as text, as it would be in a CSV file."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else str(cell)


def _array(cells: Sequence[Cell]) -> pa.Array:
    """The cells of a column: numbers, moments, or else texts."""
    import pyarrow as pa

    known = [cell for cell in cells if cell != ""]
    if known and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in known):
        return pa.array([None if cell == "" else float(cell) for cell in cells], pa.float64())  # type: ignore[arg-type]
    if known and all(isinstance(cell, dt.date) for cell in known):  # a moment at midnight is read as a date
        moments = [str(cell) if isinstance(cell, dt.date) else None for cell in cells]
        return pa.array(np.array(moments, dtype="datetime64[us]"), pa.timestamp("us"))
    return pa.array(["" if cell == "" else _as_text(cell) for cell in cells], pa.string())
