"""Writes tables a piece at a time, in the format that the name of the file shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import numpy as np

from latentfill.core.errors import InputError
from latentfill.tables.backends.csv_source import CsvSource
from latentfill.tables.backends.csv_text import format_csv
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.file_format import NewColumns, as_arrow
from latentfill.tables.backends.row_blocks import row_blocks
from latentfill.tables.backends.source import Source
from latentfill.tables.backends.streams.opening import PARQUET
from latentfill.tables.backends.text_lines import new_bytes

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet


class TableWriter(Protocol):
    """Writes the pieces of a table one after the other."""

    def add(self, source: Source, edits: Edits) -> None:
        """Write an edited piece of a file."""

    def add_columns(self, columns: NewColumns) -> None:
        """Write some rows of a new table."""


@contextmanager
def writing(path: Path, new: Path) -> Iterator[TableWriter]:
    """A writer of the table at `path`, which writes it to the file `new`."""
    if path.name.lower().endswith(PARQUET):
        writer = _ParquetWriter(new, path)
        try:
            yield writer
        finally:
            writer.close()
        return
    with new_bytes(new, packed=path.suffix.lower() == ".gz") as file:
        yield _CsvWriter(file, "\t" if ".tsv" in path.name.lower() else ",")


@dataclass(slots=True)
class _CsvWriter:
    file: IO[bytes]
    delimiter: str
    is_new: bool = True  # whether nothing is written yet

    def add(self, source: Source, edits: Edits) -> None:
        data = source.to_csv(edits, self.delimiter)
        if not self.is_new and not isinstance(source, CsvSource):  # a text has its header in its first piece alone
            names = [*source.names, *(extra.name for extra in edits.extras)]
            data = data.removeprefix(format_csv(names, [], self.delimiter))
        self.file.write(data)
        self.is_new = False

    def add_columns(self, columns: NewColumns) -> None:
        n_rows = max(map(len, columns.values()), default=0)
        blocks = (
            [["" if value != value else value for value in array[rows].tolist()] for array in columns.values()]
            for rows in row_blocks(n_rows, len(columns))
        )
        data, header = format_csv(list(columns), blocks), format_csv(list(columns), [])
        self.file.write(data if self.is_new else data.removeprefix(header))
        self.is_new = False


@dataclass(slots=True)
class _ParquetWriter:
    new: Path
    path: Path  # for messages
    writer: parquet.ParquetWriter | None = field(default=None)

    def add(self, source: Source, edits: Edits) -> None:
        self._write(as_arrow(source.to_frame(edits)))

    def add_columns(self, columns: NewColumns) -> None:
        import pyarrow as pa

        arrays = {name: pa.array(cells, _type(cells), from_pandas=True) for name, cells in columns.items()}
        self._write(pa.table(arrays))

    def _write(self, table: pa.Table) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if self.writer is None:
            self.writer = parquet.ParquetWriter(self.new, table.schema)
        try:
            self.writer.write_table(table.cast(self.writer.schema))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
            raise InputError(
                f"{self.path} cannot be written a piece at a time: the cells of a column change their type ({error}). "
                "Write a .csv file."
            ) from error

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


def _type(cells: np.ndarray) -> pa.DataType | None:
    """The type of a column of texts, which may all be missing in a piece; None: that of its cells."""
    import pyarrow as pa

    return pa.string() if cells.dtype.kind == "O" else None
