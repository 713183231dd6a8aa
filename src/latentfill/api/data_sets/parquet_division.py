"""Divides large Parquet files of many series, whose rows may lie in any order, into files of a few whole series each.

Only the number of the file that each row goes to is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.series import IntArray
from latentfill.tables.backends.stacked_text import files_by_series

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 1 << 16  # that are read and written together


def divide_parquet(files: Sequence[Path], by: Sequence[str], folder: Path, rows_per_file: int) -> list[Path]:
    """Write files of whole series with about `rows_per_file` rows each, more if a series has more.

    The series are those of the rows that are equal in the columns `by`, in the order in which they first occur.
    """
    numbers: dict[tuple[object, ...], int] = {}
    series = np.concatenate(
        [_numbered(batch, numbers) for batch in _batches(files, by)] or [np.zeros(0, dtype=np.uint32)]
    )
    file_of_row = files_by_series(np.bincount(series), rows_per_file)[series]
    paths = [folder / f"{number:05}.arrow" for number in range(int(file_of_row.max(initial=-1)) + 1)]
    first = 0
    with ExitStack() as stack:
        writers: list[pa.ipc.RecordBatchFileWriter] = []
        for batch in _batches(files, None):
            writers = writers or _writers(stack, paths, batch.schema)
            own = file_of_row[first : first + batch.num_rows]
            first += batch.num_rows
            for number in np.unique(own).tolist():
                writers[number].write_batch(batch.take(np.flatnonzero(own == number)))
    return paths


def _batches(files: Sequence[Path], columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """The rows of all files, in blocks, with these columns or all."""
    from pyarrow import ArrowException, parquet

    for path in files:
        try:
            with parquet.ParquetFile(path) as file:
                for name in columns or ():
                    if name not in file.schema_arrow.names:
                        raise InputError(f"by: {did_you_mean('column', name, file.schema_arrow.names)}.")
                yield from file.iter_batches(ROWS_AT_ONCE, columns=columns)
        except (ArrowException, OSError) as error:
            raise InputError(
                f"{path} is not a readable Parquet file ({error}). Create or download it again."
            ) from error


def _numbered(batch: pa.RecordBatch, numbers: dict[tuple[object, ...], int]) -> IntArray:
    """The number of the series of each row; new ones get the next numbers."""
    keys = zip(*(batch.column(name).to_pylist() for name in batch.schema.names), strict=True)
    return np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), dtype=np.uint32, count=batch.num_rows)


def _writers(stack: ExitStack, paths: Sequence[Path], schema: pa.Schema) -> list[pa.ipc.RecordBatchFileWriter]:
    import pyarrow as pa

    return [stack.enter_context(pa.ipc.new_file(path.as_posix(), schema)) for path in paths]
