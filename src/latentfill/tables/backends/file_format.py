"""The protocol of a file format, and `FrameFormat` for formats such as Parquet that a library reads and writes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.files import replacing
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.frames import frame_source
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.row_names import COUNTED
from latentfill.tables.backends.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

NewColumns: TypeAlias = Mapping[str, NDArray[np.generic]]  # numbers or texts by column name; NaN is an empty cell


class FileFormat(Protocol):
    """Reads and writes table files of one format."""

    @property
    def name(self) -> str:
        """Name of the format in messages, such as "Parquet"."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings of the names of such files, in lower case, such as ".parquet"."""

    @property
    def writable(self) -> bool:
        """Whether files can be written in this format."""

    def read(self, path: Path, request: ReadRequest) -> Source:
        """Read the table in a file."""

    def write(self, source: Source, edits: Edits, path: Path) -> None:
        """Write the edited table, whatever format it was read from."""

    def write_columns(self, columns: NewColumns, path: Path) -> None:
        """Write a new table of these columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFormat:
    """A file format that a library reads as a data frame and writes from a pyarrow table."""

    name: str
    suffixes: tuple[str, ...]
    read_frame: Callable[[Path], NativeFrame]  # returns a pandas, polars or pyarrow frame
    write_frame: Callable[[pa.Table, Path], object]
    writable: bool = True

    def read(self, path: Path, request: ReadRequest) -> Source:
        import pyarrow as pa

        try:
            frame = self.read_frame(path)
        except InputError:
            raise
        except (pa.ArrowException, OSError, ValueError, struct.error) as error:
            raise InputError(
                f"{path} is not a readable {self.name} file ({error}). Create or download it again."
            ) from error
        return frame_source(frame, COUNTED)

    def write(self, source: Source, edits: Edits, path: Path) -> None:
        self._write(as_arrow(source.to_frame(edits)), path)

    def write_columns(self, columns: NewColumns, path: Path) -> None:
        import pyarrow as pa

        self._write(pa.table({name: pa.array(cells, from_pandas=True) for name, cells in columns.items()}), path)

    def _write(self, table: pa.Table, path: Path) -> None:
        with replacing(path) as temporary:
            self.write_frame(table, temporary)


def as_arrow(frame: NativeFrame) -> pa.Table:
    """A data frame of any library as a pyarrow table, which includes the index of a pandas frame."""
    import narwhals as nw
    import pyarrow as pa

    if type(frame).__module__.startswith("pandas"):
        return pa.Table.from_pandas(frame)
    return nw.from_native(frame, eager_only=True).to_arrow()
