"""Opens files as streams of rows."""

from __future__ import annotations

from pathlib import Path

from latentfill.tables.backends.csv_format import CsvFormat
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.streams.parquet_stream import ParquetStream
from latentfill.tables.backends.streams.stream import RowStream, UnstreamableError
from latentfill.tables.backends.streams.text_stream import TextStream

PARQUET = (".parquet", ".pq")  # endings of the names


def is_streamable(path: Path) -> bool:
    """Whether files with this ending can be read and written a piece at a time."""
    return path.name.lower().endswith((*CsvFormat.suffixes, *PARQUET))


def open_stream(path: Path, request: ReadRequest) -> RowStream:  # type: ignore[type-arg]
    """A file as a stream of rows; an `UnstreamableError` if it is read as a whole."""
    if path.name.lower().endswith(PARQUET):
        return ParquetStream.of(path)
    if not is_streamable(path):
        raise UnstreamableError("it is neither a text file nor a Parquet file")
    return TextStream.of(path, request)
