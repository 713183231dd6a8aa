"""`ParquetStream`: a Parquet file that is read a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from latentfill.core.errors import InputError
from latentfill.tables.backends.frames import FrameSource, frame_source
from latentfill.tables.backends.row_names import RowNames

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

BUFFER = 1 << 20  # bytes of a column that are read from the file at once


@dataclass(frozen=True, slots=True)
class ParquetPiece:
    """Consecutive rows of a Parquet file."""

    first: int  # rows above them
    table: pa.Table


@dataclass(frozen=True, slots=True)
class ParquetStream:
    """A Parquet file."""

    path: Path
    names: tuple[str, ...]
    n_rows: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The columns and the size that a file declares; an `InputError` if it is damaged."""
        with _reading(path) as file:
            names = tuple(name.strip() for name in file.schema_arrow.names)
            return cls(path, names, file.metadata.num_rows)

    @property
    def n_cells(self) -> float:
        return float(self.n_rows * len(self.names))

    @property
    def file_bytes(self) -> float:
        return 0.0

    def pieces(self, n_rows: int) -> Iterator[ParquetPiece]:
        """Pieces of `n_rows`; the last one has up to half as many more, or fewer if it is the only one."""
        import pyarrow as pa

        first, held = 0, list[pa.RecordBatch]()
        with _reading(self.path) as file:
            for batch in file.iter_batches(n_rows):  # a batch ends with its row group
                held.append(batch)
                while 0 < (size := self._size(first, n_rows)) <= sum(each.num_rows for each in held):
                    table = pa.Table.from_batches(held)
                    yield ParquetPiece(first, table.slice(0, size))
                    first, held = first + size, table.slice(size).to_batches()

    def _size(self, first: int, n_rows: int) -> int:
        """Rows of the piece that begins with this row."""
        left = self.n_rows - first
        return left if left < 1.5 * n_rows else n_rows

    def read(self, pieces: Sequence[ParquetPiece]) -> FrameSource:
        """The rows of some pieces as one table; in messages, rows are counted from the first piece."""
        import pyarrow as pa

        return frame_source(pa.concat_tables([each.table for each in pieces]), RowNames(first=pieces[0].first + 1))


@contextmanager
def _reading(path: Path) -> Iterator[parquet.ParquetFile]:
    """The file, open; an `InputError` if it is damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({error}). Create or download it again.") from error
