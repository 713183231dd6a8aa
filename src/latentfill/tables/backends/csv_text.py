"""CSV files as raw records, so that whatever is not filled is written back byte for byte."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from latentfill.core.errors import InputError
from latentfill.core.text_files import read_text

DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 65536  # records split at a time: keeps the short-lived lists of fields small
_SAMPLE = 65536  # characters looked at to find the delimiter
_QUOTE_REST = re.compile(r'(?:[^"]++|"")*+"')  # from inside a quoted field to its closing quote


@dataclass(frozen=True, slots=True, eq=False)
class CsvText:
    """One CSV file: the raw records for writing back and the text of every cell for reading."""

    names: tuple[str, ...]
    cells: tuple[Any, ...]  # one pyarrow array of text per column, quotes taken off
    records: tuple[str, ...]  # header first, each with its own line end
    tail: str  # blank lines after the last record
    delimiter: str
    encoding: str
    bom: bytes

    @property
    def n_rows(self) -> int:
        return len(self.records) - 1

    @property
    def line_end(self) -> str:
        """The line end of the header, used for new records."""
        end = self.records[0][len(_body(self.records[0])) :]
        return end[: 2 if end.startswith("\r\n") else 1]  # blank lines may follow

    def without_last(self, n_rows: int) -> CsvText:
        """The same file with its last `n_rows` records counted to the tail."""
        keep = len(self.records) - n_rows
        return CsvText(
            names=self.names,
            cells=tuple(column.slice(0, keep - 1) for column in self.cells),
            records=self.records[:keep],
            tail="".join(self.records[keep:]) + self.tail,
            delimiter=self.delimiter,
            encoding=self.encoding,
            bom=self.bom,
        )


def read_csv(path: str | os.PathLike[str], *, delimiter: str | None = None, encoding: str | None = None) -> CsvText:
    """Read a CSV file, gzipped or not; encoding and delimiter are found unless given."""
    path = Path(path)
    text, found, bom = read_text(path, encoding)
    if not text.strip():
        raise InputError(f"{path} is empty. A table needs a header line and at least two rows.")
    delimiter = delimiter or find_delimiter(text)
    lines = list(io.StringIO(text, newline=""))
    names = _header(lines, delimiter, path)
    records, tail = _split_tail(lines, delimiter)
    cells = None
    if not _leaves_quote_open(records[0], delimiter, False):
        cells = _fast_columns(text[: len(text) - len(tail)], delimiter, len(names), len(records) - 1)
    if cells is None:  # records over several lines, or something wrong that needs a message
        records, tail = _split_tail(_join_lines(lines, delimiter, path), delimiter)
        records = _without_blanks(records) if len(names) > 1 else records
        names = tuple(plain(field).strip() for field in split_record(records[0], delimiter))
        cells = tuple(_columns(records, delimiter, len(names), path))
    if len(records) == 1:
        raise InputError(f"{path} has a header line but no rows.")
    return CsvText(names, cells, tuple(records), tail, delimiter, found, bom)


def _header(lines: Sequence[str], delimiter: str, path: Path) -> tuple[str, ...]:
    if not _body(lines[0]).strip():
        raise InputError(f"{path}: line 1 is blank. The first line must hold the column names.")
    return tuple(plain(field).strip() for field in split_record(lines[0], delimiter))


def find_delimiter(text: str) -> str:
    """The delimiter whose count per line is the same in the header and the first rows."""
    sample = re.sub(r'"[^"]*"', "", text[:_SAMPLE], flags=re.DOTALL)
    lines = [line for line in io.StringIO(sample, newline=None) if line.strip()]
    if len(text) > _SAMPLE and len(lines) > 1:
        lines.pop()  # cut off in the middle
    lines = lines[:200]
    in_header = {mark: lines[0].count(mark) for mark in DELIMITERS} if lines else {}
    steady = [mark for mark, n in in_header.items() if n and all(line.count(mark) == n for line in lines)]
    candidates = steady or [mark for mark, n in in_header.items() if n]
    return max(candidates, key=in_header.__getitem__, default=",")


def _join_lines(lines: Sequence[str], delimiter: str, path: Path) -> list[str]:
    """Records with their line ends; lines that end inside quotes are joined with the next."""
    records: list[str] = []
    pending: list[str] = []
    opened = 0
    for number, line in enumerate(lines, start=1):
        if not pending and '"' not in line:
            records.append(line)
            continue
        opened = opened if pending else number
        inside = _leaves_quote_open(line, delimiter, bool(pending))
        pending.append(line)
        if not inside:
            records.append("".join(pending))
            pending = []
    if pending:
        raise InputError(f"{path}: a quote opened in line {opened} is never closed. Close or remove it.")
    return records


def _without_blanks(records: Sequence[str]) -> list[str]:
    """Records with blank lines counted to the line end of the record before."""
    kept: list[str] = []
    for record in records:
        if _body(record):
            kept.append(record)
        else:
            kept[-1] += record
    return kept


def _leaves_quote_open(line: str, delimiter: str, inside: bool) -> bool:
    """Whether a line ends inside a quoted field; quotes count only at the start of a field."""
    position = 0
    while True:
        if inside or line.startswith('"', position):
            closing = _QUOTE_REST.match(line, position + (not inside))
            if closing is None:
                return True
            position, inside = closing.end(), False
        position = line.find(delimiter, position) + 1
        if position == 0:
            return False


def _split_tail(records: list[str], delimiter: str) -> tuple[list[str], str]:
    """Take the blank lines at the end off the records."""
    blank = " \t\r\n".replace(delimiter, "")
    keep = len(records)
    while keep > 1 and not records[keep - 1].strip(blank):
        keep -= 1
    return records[:keep], "".join(records[keep:])


def _fast_columns(text: str, delimiter: str, n_columns: int, n_rows: int) -> tuple[Any, ...] | None:
    """The cells as pyarrow reads them, when it finds one record per line; else None."""
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


def _columns(records: Sequence[str], delimiter: str, n_columns: int, path: Path) -> Iterator[Any]:
    import pyarrow as pa

    chunks: list[list[Any]] = [[] for _ in range(n_columns)]
    for start in range(1, len(records), _CHUNK):
        rows = [_plain_fields(record, delimiter) for record in records[start : start + _CHUNK]]
        _refuse_ragged(rows, start, records, n_columns, path)
        for chunk, texts in zip(chunks, zip(*rows, strict=True), strict=True):
            chunk.append(pa.array(texts, pa.string()))
    for chunk in chunks:
        yield pa.chunked_array(chunk, pa.string())


def _refuse_ragged(rows: list[list[str]], start: int, records: Sequence[str], n_columns: int, path: Path) -> None:
    if all(len(row) == n_columns for row in rows):
        return
    offset, row = next((i, row) for i, row in enumerate(rows) if len(row) != n_columns)
    line = 1 + sum(_n_lines(record) for record in records[: start + offset])
    raise InputError(
        f"{path}: line {line} has {len(row)} fields, but the header has {n_columns}. "
        "Mend the line, quote fields that hold the delimiter, or give the right `--delimiter`."
    )


def _n_lines(record: str) -> int:
    return len(list(io.StringIO(record, newline="")))


def split_record(record: str, delimiter: str) -> list[str]:
    """The raw fields of a record, quotes left on, without the line end."""
    body = _body(record)
    if '"' not in body:
        return body.split(delimiter)
    return _fields_pattern(delimiter).findall(body)


@lru_cache
def _fields_pattern(delimiter: str) -> re.Pattern[str]:
    d = re.escape(delimiter)
    return re.compile(rf'(?:^|{d})("(?:[^"]++|"")*+"[^{d}]*+|[^{d}]*+)')


def _plain_fields(record: str, delimiter: str) -> list[str]:
    fields = split_record(record, delimiter)
    return [plain(field) for field in fields] if '"' in record else fields


def plain(field: str) -> str:
    """What a raw field says, its quotes taken off."""
    if not field.startswith('"'):
        return field
    trimmed = field.rstrip()
    if len(trimmed) < 2 or not trimmed.endswith('"'):
        return field
    return trimmed[1:-1].replace('""', '"')


def _body(record: str) -> str:
    return record.rstrip("\r\n")


def replace_cells(record: str, delimiter: str, texts: Mapping[int, str]) -> str:
    """The record with some fields replaced; a field that was quoted stays quoted."""
    fields = split_record(record, delimiter)
    for column, text in texts.items():
        fields[column] = _quoted(text, delimiter, always=fields[column].startswith('"'))
    return delimiter.join(fields) + record[len(_body(record)) :]


def new_record(text: CsvText, cells: Mapping[int, str]) -> str:
    """A record with the given cells and nothing in the others."""
    fields = (_quoted(cells.get(column, ""), text.delimiter) for column in range(len(text.names)))
    return text.delimiter.join(fields) + text.line_end


def _quoted(text: str, delimiter: str, *, always: bool = False) -> str:
    if always or any(mark in text for mark in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def append_cells(record: str, delimiter: str, texts: Sequence[str]) -> str:
    """The record with some fields after its own."""
    body = _body(record)
    return delimiter.join([body, *(_quoted(text, delimiter) for text in texts)]) + record[len(body) :]


def encode_csv(text: CsvText, records: Iterable[str], added: Sequence[str] = ()) -> bytes:
    """The bytes of a file with the header of `text`, and names `added` to it, and these records in its encoding."""
    header = append_cells(text.records[0], text.delimiter, added) if added else text.records[0]
    whole = [header, *records]
    unfinished = not text.records[-1].endswith(("\n", "\r"))
    if unfinished and text.n_rows:  # the last line of the file has no line end; records may follow it now
        whole = [_body(record) + (record[len(_body(record)) :] or text.line_end) for record in whole]
        whole[-1] = _body(whole[-1])
    return text.bom + ("".join(whole) + text.tail).encode(text.encoding)


def format_csv(names: Sequence[str], columns: Sequence[Sequence[object]], delimiter: str = ",") -> bytes:
    """A new UTF-8 CSV file from columns of cells."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode()
