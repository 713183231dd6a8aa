"""What a file format is, and the formats that a library reads into a frame and writes from one, such as Parquet."""

from __future__ import annotations

import os
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
from latentfill.tables.backends.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

NewColumns: TypeAlias = Mapping[str, NDArray[np.generic]]  # numbers or texts by name of the column; NaN is empty


class FileFormat(Protocol):
    """How table files of one format are read and written."""

    @property
    def name(self) -> str:
        """The format in messages, such as "Parquet"."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings of file names that stand for it, in lower case."""

    def read(self, path: Path, *, delimiter: str | None, encoding: str | None) -> Source:
        """The table in a file; delimiter and encoding concern formats of delimited text, which find them if None."""

    def write(self, source: Source, edits: Edits, path: Path) -> None:
        """Write a table, of whatever format it was read from, with edits made."""

    def write_columns(self, columns: NewColumns, path: Path) -> None:
        """Write a new table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFormat:
    """A format that a library reads into a frame, and writes from a pyarrow table."""

    name: str
    suffixes: tuple[str, ...]
    read_frame: Callable[[Path], NativeFrame]  # gives a pandas, polars or pyarrow frame
    write_frame: Callable[[pa.Table, Path], object]

    def read(self, path: Path, *, delimiter: str | None, encoding: str | None) -> Source:
        import pyarrow as pa

        try:
            frame = self.read_frame(path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InputError(
                f"{path} is not a readable {self.name} file ({error}). Write or download it again."
            ) from error
        return frame_source(frame)

    def write(self, source: Source, edits: Edits, path: Path) -> None:
        self._write(_as_arrow(source.to_frame(edits)), path)

    def write_columns(self, columns: NewColumns, path: Path) -> None:
        import pyarrow as pa

        self._write(pa.table({name: pa.array(cells, from_pandas=True) for name, cells in columns.items()}), path)

    def _write(self, table: pa.Table, path: Path) -> None:
        with replacing(Path(os.path.realpath(path))) as temporary:
            self.write_frame(table, temporary)


def _as_arrow(frame: NativeFrame) -> pa.Table:
    """A frame of any library as a pyarrow table, with the index of a pandas frame."""
    import narwhals as nw
    import pyarrow as pa

    if type(frame).__module__.startswith("pandas"):
        return pa.Table.from_pandas(frame)
    return nw.from_native(frame, eager_only=True).to_arrow()
