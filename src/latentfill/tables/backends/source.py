"""Tables as they were read, whatever their kind: columns out, filled cells and added rows in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.files import replacing
from latentfill.tables.backends import csv_text
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.csv_text import CsvText
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.frames import frame_source

CSV_SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")


class Source(Protocol):
    """A table that knows how to give out columns and take changes."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def index(self) -> Column | None: ...
    def column(self, position: int) -> Column: ...
    def to_frame(self, changes: Edits) -> Any: ...
    def to_csv(self, changes: Edits, delimiter: str) -> bytes: ...


@dataclass(frozen=True, slots=True, eq=False)
class CsvSource:
    """A table read from a CSV file."""

    text: CsvText

    @property
    def names(self) -> tuple[str, ...]:
        return self.text.names

    @property
    def n_rows(self) -> int:
        return self.text.n_rows

    @property
    def index(self) -> Column | None:
        return None

    def column(self, position: int) -> Column:
        return Column(name=self.names[position], kind="text", texts=self.text.cells[position])

    def to_csv(self, changes: Edits, delimiter: str = ",") -> bytes:
        """The file as it was, with the filled cells replaced and the added rows put in."""
        edits = self._edits(changes)
        records = [self._record(row, edits.get(at, {})) for at, row in enumerate(changes.order.tolist())]
        if changes.extras:
            added = zip(*(extra.texts for extra in changes.extras), strict=True)
            pairs = zip(records, added, strict=True)
            records = [csv_text.append_cells(record, self.text.delimiter, texts) for record, texts in pairs]
        return csv_text.encode_csv(self.text, records, [extra.name for extra in changes.extras])

    def _record(self, row: int, cells: Mapping[int, str]) -> str:
        if row < 0:
            return csv_text.new_record(self.text, cells)
        record = self.text.records[row + 1]
        return csv_text.replace_cells(record, self.text.delimiter, cells) if cells else record

    @staticmethod
    def _edits(changes: Edits) -> dict[int, dict[int, str]]:
        """New texts by row of the output and column."""
        edits: dict[int, dict[int, str]] = {}
        for column, fill in changes.fills.items():
            for at, text in zip(np.flatnonzero(fill.cells).tolist(), fill.texts or (), strict=True):
                edits.setdefault(at, {})[column] = text
        for column, stamps in changes.stamps.items():
            for at, text in zip(changes.added.tolist(), stamps, strict=True):
                edits.setdefault(at, {})[column] = text
        return edits

    def to_frame(self, changes: Edits) -> Any:
        """A pyarrow table: float64 for the value columns, text for all others."""
        import pyarrow as pa

        names = [name or f"unnamed_{at + 1}" for at, name in enumerate(self.names)]
        arrays = [self._array(at, changes) for at in range(len(names))]
        names += [extra.name for extra in changes.extras]
        arrays += [pa.array(extra.values, pa.float64(), from_pandas=True) for extra in changes.extras]
        return pa.table(arrays, names=names)

    def _array(self, position: int, changes: Edits) -> Any:
        import pyarrow as pa

        if position in changes.fills:
            return pa.array(changes.fills[position].values, pa.float64(), from_pandas=True)
        taken = self.text.cells[position].take(changes.rows_to_take())
        if position not in changes.stamps:
            return taken
        texts = np.array(taken.to_pylist(), dtype=object)
        texts[changes.added] = list(changes.stamps[position])
        return pa.array(texts.tolist(), pa.string())


# --- files --------------------------------------------------------------------------------------------------


def file_kind(path: str | os.PathLike[str]) -> Literal["csv", "parquet"]:
    """What a file is by its name."""
    name = Path(path).name.lower()
    if name.endswith(CSV_SUFFIXES):
        return "csv"
    if name.endswith(PARQUET_SUFFIXES):
        return "parquet"
    raise InputError(
        f"{Path(path).name!r} is no table that can be read or written by its name. "
        f"Use one of {', '.join(CSV_SUFFIXES + PARQUET_SUFFIXES)}."
    )


def read_source(source: Any, *, delimiter: str | None, encoding: str | None) -> Source:
    """Read a file, or take a frame as it is."""
    if not isinstance(source, str | os.PathLike):
        return frame_source(source)
    path = Path(source)
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder, not a table. Give the path of one file in it.")
    if not os.path.exists(path):  # unlike pathlib's, False also for a name too long
        raise InputError(f"There is no file {path}. Check the path.")
    if file_kind(path) == "parquet":
        return frame_source(_read_parquet(path))
    return CsvSource(csv_text.read_csv(path, delimiter=delimiter, encoding=encoding))


def _read_parquet(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({error}). Write or download it again.") from error


def write_parquet(frame: Any, path: str | os.PathLike[str]) -> None:
    """Write a frame of any kind to a Parquet file, under a temporary name first."""
    import narwhals as nw
    import pyarrow as pa
    from pyarrow import parquet

    if type(frame).__module__.startswith("pandas"):
        arrow = pa.Table.from_pandas(frame)  # keeps the index
    else:
        arrow = nw.from_native(frame, eager_only=True).to_arrow()
    with replacing(Path(os.path.realpath(path))) as temporary:
        parquet.write_table(arrow, temporary)
