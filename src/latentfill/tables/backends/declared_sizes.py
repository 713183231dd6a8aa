"""How many bytes a table file unpacks to, found from what it declares before it is read."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12}  # bytes of Parquet's types
OTHER_WIDTH = 16  # bytes of a value of another type, beside its content
TEXTS = ("string", "large_string", "binary", "large_binary")  # pyarrow's names of types
ARROW_MAGIC = b"ARROW1\0\0"
_SHEET = re.compile(r"worksheets/[^/]*\.xml$", re.IGNORECASE)
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")  # of a cell, such as r="B12"
_LONGEST_PLACE = 16  # bytes
_AT_ONCE = 1 << 20  # bytes


def parquet_size(file: parquet.ParquetFile) -> float:
    """Bytes of all values of a Parquet file: their number times their width, and the texts as they are stored."""
    metadata, size = file.metadata, 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for number in range(row_group.num_columns):
            column = row_group.column(number)
            width = WIDTHS.get(column.physical_type)
            size += column.num_values * (width or OTHER_WIDTH) + (0 if width else column.total_uncompressed_size)
    return float(size)


def repeated_texts(table: pa.Table) -> float:
    """Bytes of texts that a table holds once and names in many rows, as they are repeated there."""
    import pyarrow.compute as pc

    chunks = (chunk for column in table.columns for chunk in column.chunks)
    size = 0
    for texts in (texts for chunk in chunks for texts in _texts_held_once(chunk)):
        size += pc.sum(pc.take(pc.binary_length(texts.dictionary), texts.indices)).as_py() or 0
    return float(size)


def _texts_held_once(array: pa.Array) -> Iterator[pa.DictionaryArray]:
    """The texts of an array, also those inside its structures and lists."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_dictionary(kind) and str(kind.value_type) in TEXTS:
        yield array
    elif pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            yield from _texts_held_once(array.field(number))
    elif pa.types.is_nested(kind) and hasattr(array, "values"):
        yield from _texts_held_once(array.values)


def texts_once(path: Path) -> pa.Table:
    """The columns of texts of a Parquet file, each text in memory once."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        leaves = [file.schema.column(number) for number in range(len(file.schema))]
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]  # such as a.list.element of a list
    with parquet.ParquetFile(path, read_dictionary=texts) as file:
        return file.read(texts)


def rows_size(n_rows: int, schema: pa.Schema) -> float:
    """Bytes of the values of so many rows, without the content of texts."""
    return float(n_rows * sum(_width(each.type) for each in schema))


def _width(kind: pa.DataType) -> int:
    try:
        return max(1, int(kind.bit_width) // 8)
    except ValueError:  # a text or a list
        return OTHER_WIDTH


def arrow_size(path: Path) -> float:
    """Bytes of a Feather or Arrow file with all its buffers unpacked; older Feather files are not packed."""
    import pyarrow as pa

    size = float(path.stat().st_size)
    with pa.memory_map(str(path)) as file:
        if file.read(len(ARROW_MAGIC)) != ARROW_MAGIC:
            return size
        schema = None
        for message in _messages(file):
            if message.type == "schema":
                schema = pa.ipc.read_schema(message)
            elif message.type in ("record batch", "dictionary"):
                batch = _RecordBatch.of(message)
                rows = 0.0 if schema is None or message.type == "dictionary" else rows_size(batch.length, schema)
                size += max(rows, batch.unpacked(message.body))
    return size


def _messages(file: pa.NativeFile) -> Iterator[pa.Message]:
    """The messages of an Arrow file, which follow each other up to an end mark."""
    import pyarrow as pa

    while True:
        try:
            yield pa.ipc.read_message(file)
        except EOFError:
            return


class _RecordBatch:
    """The header of a record batch, a table in a flatbuffer (https://arrow.apache.org/docs/format/Columnar.html)."""

    HEADER, DATA, LENGTH, BUFFERS, COMPRESSION = 2, 1, 0, 2, 3  # numbers of the fields of tables in Message.fbs

    def __init__(self, data: bytes, table: int) -> None:
        self.data, self.table = data, table

    @classmethod
    def of(cls, message: pa.Message) -> _RecordBatch:
        root = cls(message.metadata.to_pybytes(), 0)
        header = root._table_at(0)._table_in(cls.HEADER)
        return header._table_in(cls.DATA) if message.type == "dictionary" else header

    @property
    def length(self) -> int:
        """Number of rows."""
        at = self._field(self.LENGTH)
        return 0 if at is None else int(self._number("<q", at))

    def unpacked(self, body: pa.Buffer) -> float:
        """Bytes of the buffers in the body of the message, each of which begins with its size if it is packed."""
        buffers = self._field(self.BUFFERS)
        if self._field(self.COMPRESSION) is None or buffers is None:
            return 0.0  # a part of the file
        start = buffers + self._number("<I", buffers)
        size = 0
        for number in range(self._number("<I", start)):
            offset, length = struct.unpack_from("<qq", self.data, start + 4 + 16 * number)
            size += max(0, struct.unpack("<q", body[offset : offset + 8].to_pybytes())[0]) if length >= 8 else 0
        return float(size)

    def _number(self, kind: str, at: int) -> int:
        return int(struct.unpack_from(kind, self.data, at)[0])

    def _table_at(self, at: int) -> _RecordBatch:
        return _RecordBatch(self.data, at + self._number("<I", at))

    def _table_in(self, field: int) -> _RecordBatch:
        at = self._field(field)
        return self if at is None else self._table_at(at)

    def _field(self, number: int) -> int | None:
        """Where a field of the table is; None if the table does not have it."""
        fields = self.table - self._number("<i", self.table)
        entry = 4 + 2 * number
        offset = self._number("<H", fields + entry) if entry < self._number("<H", fields) else 0
        return self.table + offset if offset else None


def workbook_cells(path: Path) -> tuple[float, float]:
    """Bytes of the files in a workbook (a zip archive), and the cells of its sheets up to their last row and column.

    Readers make room for all cells before the last one, though nearly all may be empty. For other files, both are 0.
    """
    if not zipfile.is_zipfile(path):
        return 0.0, 0.0
    with zipfile.ZipFile(path) as archive:
        parts = [each for each in archive.infolist() if each.filename.lower().endswith((".xml", ".bin"))]
        return zip_size(path), sum(_cells(archive, part) for part in parts)


def zip_size(path: Path) -> float:
    """Bytes that the files in a zip archive declare to unpack to; 0 for other files."""
    if not zipfile.is_zipfile(path):
        return 0.0
    with zipfile.ZipFile(path) as archive:
        return float(sum(each.file_size for each in archive.infolist()))


def _cells(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> float:
    """Rows times columns of the rectangle from the first cell to the last one; 0 for other parts than sheets.

    All parts are unpacked, because this shows whether their declared size is true.
    """
    is_sheet = _SHEET.search(part.filename)
    columns: set[bytes] = set()
    last_row, rest = 0, b""
    with archive.open(part) as file:
        while data := file.read(_AT_ONCE):
            found = _PLACE.findall(rest + data) if is_sheet else []
            columns.update(column for column, _ in found)
            last_row = max(last_row, *(int(row) for _, row in found), 0)
            rest = data[-_LONGEST_PLACE:]
    return float(last_row * max(map(_column_number, columns), default=0))


def _column_number(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number
