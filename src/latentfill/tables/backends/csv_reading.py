"""Reads text files: finds their layout, separates records from other lines, and splits records into cells."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import counted, quoted
from latentfill.core.text_files import read_text
from latentfill.tables.backends.aligned_records import Aligned
from latentfill.tables.backends.cell_kinds import kind_of
from latentfill.tables.backends.csv_text import CsvText
from latentfill.tables.backends.field_syntax import SPACES, Delimited, FieldSyntax, syntax_of
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.row_names import RowNames
from latentfill.tables.backends.text_layout import TextLayout, find_layout, open_quote_error

_CHUNK = 65536  # records to split at a time, to save memory
_MOST_FOOTERS = 20  # lines below the last row that may be no rows, such as `Source: ...`


def read_csv(path: str | os.PathLike[str], request: ReadRequest | None = None) -> CsvText:
    """Read a text file, gzipped or not; its layout is detected as far as the request does not give it."""
    path, request = Path(path), request or ReadRequest()
    text, codec, bom, notes = read_text(path, request.encoding)
    if not text.strip():
        raise InputError(f"{path} is empty. A table needs a header line and at least two rows.")
    lines = list(io.StringIO(text, newline=""))
    layout = find_layout(lines, request, path)
    below = read_rows(
        lines[layout.first_line :], layout, codec, path, layout.first_line, tell_comments=request.comment is None
    )
    return replace(with_header(below, lines, layout), bom=bom, notes=(*notes, *layout.notes, *below.notes))


def read_rows(
    lines: Sequence[str], layout: TextLayout, codec: str, path: Path, first: int, *, tell_comments: bool
) -> CsvText:
    """The rows in some lines below the header of a file, without the header; `first` lines are above them.

    With `tell_comments`, a note tells of comments that may be rows. Raises an `InputError` if there is no row.
    """
    rows = _divide(lines, layout, first)
    if not rows.records:
        raise InputError(f"{path} has a header line but no rows. A table needs at least two.")
    read = CsvText(
        names=layout.names,
        cells=(),
        head="",
        header=(),
        names_at=None,
        records=tuple(rows.records),
        between=rows.between,
        tail=rows.tail,
        syntax=_syntax(layout, rows.records),
        encoding=codec,
        bom=b"",
        notes=tuple(_comment_notes(rows, layout)) if tell_comments else (),
        comment=layout.comment,
        rows=RowNames("line", numbers=np.array(rows.numbers)),
    )
    cells = _cells_by_pyarrow(read)
    return replace(read, cells=cells) if cells is not None else _with_cells(read, path)


def with_header(text: CsvText, lines: Sequence[str], layout: TextLayout) -> CsvText:
    """The rows of a file below its header, which is in the first of its `lines`."""
    head = "".join(lines[: layout.header.start])
    return replace(text, head=head, header=layout.header_records, names_at=layout.names_at)


def _comment_notes(rows: _Lines, layout: TextLayout) -> Iterator[str]:
    """A note on comments with as many cells as rows have, which may be rows."""
    lines = [line for text in (*rows.between.values(), rows.tail) for line in text.splitlines()]
    comments = [line for line in lines if layout.comment and line.startswith(layout.comment)]
    syntax, width = syntax_of(layout.delimiter), len(layout.names)
    alike = [line for line in comments if width > 1 and len(syntax.plain_fields(line)) == width]
    if alike:
        yield (
            f"{counted(len(alike), 'line')} with as many cells as rows, such as {quoted(alike[0])}, begin with "
            f"{quoted(layout.comment)}: they are comments and stay unchanged. If they are rows, give another sign of "
            "comments, such as `--comment //`."
        )


def _syntax(layout: TextLayout, records: Sequence[str]) -> FieldSyntax:
    if layout.delimiter == SPACES:
        return Aligned.of(records, len(layout.names))
    return syntax_of(layout.delimiter)


# --- lines to records ---------------------------------------------------------------------------------------


class _Lines(NamedTuple):
    """The lines below a header: records, and the comments and blank lines between and after them."""

    records: list[str]
    numbers: list[int]  # of the line of each record in the file, counted from 1
    between: dict[int, str]  # by the number of the record that they follow; -1: the header
    tail: str


def _divide(lines: Sequence[str], layout: TextLayout, first: int) -> _Lines:
    """Separate records from comments and blank lines; in a single column, a blank line is a missing cell."""
    blank = " \t\r\n".replace(layout.delimiter, "")
    end = len(lines)
    while end and _is_no_record(lines[end - 1], blank, layout.comment):
        end -= 1
    records: list[str] = []
    numbers: list[int] = []
    between: dict[int, str] = {}
    single = len(layout.names) == 1
    for number, line in enumerate(lines[:end], start=first + 1):
        is_comment = bool(layout.comment) and line.startswith(layout.comment)
        if is_comment or (not single and not line.rstrip("\r\n")):
            between[len(records) - 1] = between.get(len(records) - 1, "") + line
        else:
            records.append(line)
            numbers.append(number)
    return _Lines(records, numbers, between, "".join(lines[end:]))


def _is_no_record(line: str, blank: str, comment: str) -> bool:
    return not line.strip(blank) or (bool(comment) and line.startswith(comment))


def _joined(text: CsvText, path: Path) -> CsvText:
    """The file with lines joined to records where a line ends inside quotes."""
    records: list[str] = []
    starts: list[int] = []
    between: dict[int, str] = {-1: text.between[-1]} if -1 in text.between else {}
    pending: list[str] = []
    opened = 0
    for number, line in enumerate(text.records):
        opened = opened if pending else number
        if (pending or '"' in line) and text.syntax.leaves_quote_open(line, inside=bool(pending)):
            pending.append(line + text.between.get(number, ""))  # a blank line may be inside quotes
            continue
        records.append("".join([*pending, line]))
        starts.append(opened)
        pending = []
        if number in text.between:
            between[len(records) - 1] = text.between[number]
    if pending:
        raise open_quote_error(text.rows.number(opened), path)
    return replace(text, records=tuple(records), between=between, rows=text.rows.take(np.array(starts, dtype=np.int64)))


# --- records to cells ---------------------------------------------------------------------------------------


def _cells_by_pyarrow(text: CsvText) -> tuple[TextArray, ...] | None:
    """The cells of every column, read by pyarrow; None if pyarrow fails or finds another number of rows."""
    import pyarrow as pa
    from pyarrow import csv as pa_csv

    if not isinstance(text.syntax, Delimited) or not text.syntax.delimiter.isascii():
        return None
    names = [str(column) for column in range(len(text.names))]  # real names may repeat
    whole = "".join(text.records)
    parse = pa_csv.ParseOptions(
        delimiter=text.syntax.delimiter, newlines_in_values='"' in whole, ignore_empty_lines=len(names) > 1
    )
    convert = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    read = pa_csv.ReadOptions(column_names=names)
    try:
        table = pa_csv.read_csv(pa.py_buffer(whole.encode()), read, parse, convert)
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None
    return tuple(table.columns) if table.num_rows == text.n_rows else None


def _with_cells(text: CsvText, path: Path) -> CsvText:
    """The file with its cells, also if records have several lines, or if lines below the last row are no rows.

    Raises an `InputError` if a record has more or fewer cells than the header.
    """
    import pyarrow as pa

    text = _joined(text, path)
    n_columns = len(text.names)
    chunks: list[list[pa.Array]] = [[] for _ in range(n_columns)]
    for start in range(0, text.n_rows, _CHUNK):
        rows = [_fields(text, record) for record in text.records[start : start + _CHUNK]]
        offset = next((position for position, row in enumerate(rows) if len(row) != n_columns), None)
        if offset is not None and start + offset and _are_footers(text, start + offset):
            text, rows = _with_footers(text, start + offset), rows[:offset]
        elif offset is not None:
            raise _field_count_error(text, start + offset, len(rows[offset]), path)
        for chunk, texts in zip(chunks, zip(*rows, strict=True), strict=True):
            chunk.append(pa.array(texts, pa.string()))
        if text.n_rows <= start + _CHUNK:
            break
    return replace(text, cells=tuple(pa.chunked_array(chunk, pa.string()) for chunk in chunks))


def _fields(text: CsvText, record: str) -> list[str]:
    """The cells of a record; words after the last column of aligned cells, such as `Provisional`, are left out."""
    cells = text.syntax.plain_fields(record)
    n_columns = len(text.names)
    if isinstance(text.syntax, Aligned) and all(kind_of(cell) == "text" for cell in cells[n_columns:]):
        return cells[:n_columns]
    return cells


def _are_footers(text: CsvText, first: int) -> bool:
    """Whether the records from this one on are lines below the table: all begin with words, unlike rows."""
    n_columns = len(text.names)
    usual = {kind_of(text.syntax.plain_fields(record)[0]) for record in text.records[: min(first, 50)]}
    lines = [text.syntax.plain_fields(record) for record in text.records[first:]]
    few = len(lines) <= _MOST_FOOTERS and usual <= {"number", "time"}
    return few and all(len(cells) != n_columns and kind_of(cells[0] if cells else "") == "text" for cells in lines)


def _with_footers(text: CsvText, first: int) -> CsvText:
    """The file with the records from this one on as its tail."""
    tail = "".join(text.records[row] + text.between.get(row, "") for row in range(first, text.n_rows))
    lines = tail.strip().splitlines()
    are_kept = f"{'is' if len(lines) == 1 else 'are'} kept unchanged."
    note = f"{counted(len(lines), 'line')} below the table, such as {quoted(lines[0])}, {are_kept}"
    return replace(
        text,
        records=text.records[:first],
        between={row: each for row, each in text.between.items() if row < first},
        tail=tail + text.tail,
        notes=(*text.notes, note),
    )


def _field_count_error(text: CsvText, row: int, n_fields: int, path: Path) -> InputError:
    """The error for the record `row` with `n_fields` fields."""
    return InputError(
        f"{path}: line {text.rows.number(row)} has {counted(n_fields, 'field')}, but the header has {len(text.names)}. "
        "Correct the line, quote fields that hold the delimiter, or give the right `--delimiter`."
    )
