"""Reads CSV files: detects the delimiter, joins lines into records, and splits records into cells."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.text_files import read_text
from latentfill.tables.backends.csv_records import body, leaves_quote_open, plain_fields
from latentfill.tables.backends.csv_text import CsvText
from latentfill.tables.backends.native import TextArray

DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 65536  # records to split at a time, to save memory
_SAMPLE = 65536  # characters in which the delimiter is detected


def read_csv(path: str | os.PathLike[str], *, delimiter: str | None = None, encoding: str | None = None) -> CsvText:
    """Read a CSV file, gzipped or not; encoding and delimiter are detected if they are None."""
    path = Path(path)
    text, codec, bom = read_text(path, encoding)
    if not text.strip():
        raise InputError(f"{path} is empty. A table needs a header line and at least two rows.")
    delimiter = delimiter or find_delimiter(text)
    lines = list(io.StringIO(text, newline=""))
    names = _header(lines, delimiter, path)
    records, tail = _split_tail(lines, delimiter)
    cells = None
    if not leaves_quote_open(records[0], delimiter):
        cells = _cells_by_pyarrow(text[: len(text) - len(tail)], delimiter, len(names), len(records) - 1)
    if cells is None:  # a record has several lines, or there is an error that needs a message
        records, tail = _split_tail(_join_lines(lines, delimiter, path), delimiter)
        records = _without_blanks(records) if len(names) > 1 else records
        names = tuple(field.strip() for field in plain_fields(records[0], delimiter))
        cells = tuple(_cells(records, delimiter, len(names), path))
    if len(records) == 1:
        raise InputError(f"{path} has a header line but no rows. A table needs at least two.")
    return CsvText(names, cells, tuple(records), tail, delimiter, codec, bom)


def find_delimiter(text: str) -> str:
    """The most frequent delimiter of the header, among those that occur equally often in the first rows if any do."""
    sample = re.sub(r'"[^"]*"', "", text[:_SAMPLE], flags=re.DOTALL)
    lines = [line for line in io.StringIO(sample, newline=None) if line.strip()]
    if len(text) > _SAMPLE and len(lines) > 1:
        lines.pop()  # the sample may end in the middle of this line
    lines = lines[:200]
    in_header = {mark: lines[0].count(mark) for mark in DELIMITERS} if lines else {}
    steady = [mark for mark, n in in_header.items() if n and all(line.count(mark) == n for line in lines)]
    possible = steady or [mark for mark, n in in_header.items() if n]
    return max(possible, key=in_header.__getitem__, default=",")


def _header(lines: Sequence[str], delimiter: str, path: Path) -> tuple[str, ...]:
    """The column names in the first line."""
    if not body(lines[0]).strip():
        raise InputError(f"{path}: line 1 is blank. The first line must hold the column names.")
    return tuple(field.strip() for field in plain_fields(lines[0], delimiter))


# --- lines to records ---------------------------------------------------------------------------------------


def _join_lines(lines: Sequence[str], delimiter: str, path: Path) -> list[str]:
    """Records with their line ends; a line that ends inside quotes is joined with the next line."""
    records: list[str] = []
    pending: list[str] = []
    first_line = 0  # of the pending lines
    for number, line in enumerate(lines, start=1):
        if not pending and '"' not in line:
            records.append(line)
            continue
        first_line = first_line if pending else number
        is_open = leaves_quote_open(line, delimiter, inside=bool(pending))
        pending.append(line)
        if not is_open:
            records.append("".join(pending))
            pending = []
    if pending:
        raise InputError(f"{path}: a quote opened in line {first_line} is never closed. Close or remove it.")
    return records


def _without_blanks(records: Sequence[str]) -> list[str]:
    """The records, with each blank line appended to the record before it."""
    kept: list[str] = []
    for record in records:
        if body(record):
            kept.append(record)
        else:
            kept[-1] += record
    return kept


def _split_tail(records: list[str], delimiter: str) -> tuple[list[str], str]:
    """The records without the blank lines at the end, and these blank lines as one text."""
    blank = " \t\r\n".replace(delimiter, "")
    keep = len(records)
    while keep > 1 and not records[keep - 1].strip(blank):
        keep -= 1
    return records[:keep], "".join(records[keep:])


# --- records to cells ---------------------------------------------------------------------------------------


def _cells_by_pyarrow(text: str, delimiter: str, n_columns: int, n_rows: int) -> tuple[TextArray, ...] | None:
    """The cells of every column, read by pyarrow; None if pyarrow fails or finds another number of rows."""
    import pyarrow as pa
    from pyarrow import csv as pa_csv

    names = [str(column) for column in range(n_columns)]  # real names may repeat
    parse = pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values='"' in text, ignore_empty_lines=n_columns > 1)
    convert = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    read = pa_csv.ReadOptions(skip_rows=1, column_names=names)
    try:
        table = pa_csv.read_csv(pa.py_buffer(text.encode()), read, parse, convert)
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None
    return tuple(table.columns) if table.num_rows == n_rows else None


def _cells(records: Sequence[str], delimiter: str, n_columns: int, path: Path) -> Iterator[TextArray]:
    """The cells of every column; an `InputError` if a record has more or fewer fields than the header."""
    import pyarrow as pa

    chunks: list[list[pa.Array]] = [[] for _ in range(n_columns)]
    for start in range(1, len(records), _CHUNK):
        rows = [plain_fields(record, delimiter) for record in records[start : start + _CHUNK]]
        offset = next((position for position, row in enumerate(rows) if len(row) != n_columns), None)
        if offset is not None:
            raise _field_count_error(records[: start + offset], len(rows[offset]), n_columns, path)
        for chunk, texts in zip(chunks, zip(*rows, strict=True), strict=True):
            chunk.append(pa.array(texts, pa.string()))
    for chunk in chunks:
        yield pa.chunked_array(chunk, pa.string())


def _field_count_error(before: Sequence[str], n_fields: int, n_columns: int, path: Path) -> InputError:
    """The error for a record with `n_fields` fields that follows the records `before`."""
    line = 1 + sum(len(list(io.StringIO(record, newline=""))) for record in before)
    return InputError(
        f"{path}: line {line} has {n_fields} fields, but the header has {n_columns}. "
        "Correct the line, quote fields that hold the delimiter, or give the right `--delimiter`."
    )
