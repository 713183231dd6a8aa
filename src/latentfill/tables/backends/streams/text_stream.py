"""`TextStream`: a delimited text file that is read a piece at a time."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Self

import numpy as np

from latentfill.tables.backends.csv_reading import read_rows, with_header
from latentfill.tables.backends.csv_source import CsvSource
from latentfill.tables.backends.csv_text import CsvText
from latentfill.tables.backends.field_syntax import SPACES, FieldSyntax, syntax_of
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.row_names import RowNames
from latentfill.tables.backends.streams.stream import UnstreamableError
from latentfill.tables.backends.text_layout import TextLayout, find_layout, open_quote_error
from latentfill.tables.backends.text_lines import BOM, is_packed, opened_bytes, opened_text

HEAD_BYTES = 1 << 20  # from which the layout is found
ENCODINGS = ("utf-8", "ascii", "iso8859-1", "cp1252")  # in which a line can be read by itself; UTF-8 if none is given
UNPACKED = 5  # usual size of a gzipped table of numbers without its compression, as a multiple
MOST_LINES = 1000  # of a record with a quote; with more, the quote was never meant to be closed


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Consecutive lines of a text file, from the beginning of a record to the end of one."""

    first: int  # lines above them
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class TextStream:
    """A delimited text file, gzipped or not."""

    path: Path
    encoding: str
    bom: bytes
    head: tuple[str, ...]  # lines above the first row
    layout: TextLayout
    cells_per_byte: float  # in the first lines
    tell_comments: bool  # whether a note tells of comments that may be rows

    @classmethod
    def of(cls, path: Path, request: ReadRequest) -> Self:
        """The layout of a file, found in its first lines.

        Raises an `InputError` if it is not understood, and an `UnstreamableError` for one that is read as a whole.
        """
        with opened_bytes(path) as file:
            data = file.read(HEAD_BYTES)
        bom, data = (BOM, data.removeprefix(BOM)) if data.startswith(BOM) else (b"", data)
        encoding = "utf-8" if bom else codecs.lookup(request.encoding or "utf-8").name
        end = data.rfind(b"\n") + 1
        if encoding not in ENCODINGS or not end:
            raise UnstreamableError(f"its encoding is {encoding}" if end else "its lines are too long, or it has one")
        try:
            lines = list(io.StringIO(data[:end].decode(encoding), newline=""))
        except UnicodeError as error:
            raise UnstreamableError(f"it is not {encoding} text; give its --encoding") from error
        layout = find_layout(lines, request, path)
        if layout.delimiter == SPACES:
            raise UnstreamableError("its cells are aligned by spaces")
        cells = len(layout.names) * (len(lines) - layout.first_line)
        head = tuple(lines[: layout.first_line])
        return cls(path, encoding, bom, head, layout, cells / end, request.comment is None)

    @property
    def names(self) -> tuple[str, ...]:
        return self.layout.names

    @property
    def file_bytes(self) -> float:
        return float((UNPACKED if is_packed(self.path) else 1) * self.path.stat().st_size)

    @property
    def n_cells(self) -> float:
        return self.cells_per_byte * self.file_bytes

    def pieces(self, n_rows: int) -> Iterator[TextPiece]:
        """Pieces that end with a record; the last one also has the lines below it, and up to half as many rows more."""
        with opened_text(self.path, self.encoding) as file:
            lines, first = islice(file, len(self.head), None), len(self.head)
            held: list[str] = []  # a piece, which is not yielded before it is known whether it is the last
            below: list[str] = []  # the comments and blank lines after it
            while piece := self._next(lines, first + len(held) + len(below), n_rows):
                end = self._end_of_records(piece)
                if held and end and len(piece) < n_rows / 2:  # the end of the file: too few rows for a table
                    held, below = [*held, *below, *piece[:end]], piece[end:]
                    continue
                if held and end:
                    yield TextPiece(first, held)
                    first += len(held)
                held, below = (below + piece[:end], piece[end:]) if end else (held, below + piece)
            if held:
                yield TextPiece(first, held + below)

    def _next(self, lines: Iterator[str], first: int, n_rows: int) -> list[str]:
        """The next lines up to the end of a record."""
        try:
            piece = list(islice(lines, n_rows))
            rest = chain(*_rest_of_quote(piece, lines, self.syntax))
            piece += islice(rest, MOST_LINES)
        except UnicodeDecodeError as error:
            raise UnstreamableError(
                f"it is not {self.encoding} text below line {first}; give its --encoding"
            ) from error
        if len(piece) >= n_rows + MOST_LINES:
            raise open_quote_error(first + n_rows, self.path)
        return piece

    def _end_of_records(self, piece: Sequence[str]) -> int:
        """How many of the lines of a piece are not below its last record."""
        end = len(piece)
        while end and self._is_no_record(piece[end - 1]):
            end -= 1
        return end

    def _is_no_record(self, line: str) -> bool:
        comment = self.layout.comment
        return not line.rstrip("\r\n") or (bool(comment) and line.startswith(comment))

    @property
    def syntax(self) -> FieldSyntax:
        """How a record is divided into cells."""
        return syntax_of(self.layout.delimiter)

    def read(self, pieces: Sequence[TextPiece]) -> CsvSource:
        """The rows of some pieces as one table, with the header if the first piece is the first of the file."""
        texts = [self._text(piece) for piece in pieces]
        return CsvSource(texts[0] if len(texts) == 1 else _joined(texts))

    def _text(self, piece: TextPiece) -> CsvText:
        text = read_rows(
            piece.lines, self.layout, self.encoding, self.path, piece.first, tell_comments=self.tell_comments
        )
        if piece.first > len(self.head):
            return text
        return replace(with_header(text, self.head, self.layout), bom=self.bom, notes=(*self.layout.notes, *text.notes))


def _rest_of_quote(piece: Sequence[str], lines: Iterator[str], syntax: FieldSyntax) -> Iterator[Iterator[str]]:
    """The lines that belong to the last record of a piece, if its quote is still open at the end."""
    inside = False
    for line in piece:
        if inside or '"' in line:
            inside = syntax.leaves_quote_open(line, inside=inside)
    if inside:
        yield _until_closed(lines, syntax)


def _until_closed(lines: Iterator[str], syntax: FieldSyntax) -> Iterator[str]:
    for line in lines:
        yield line
        if not syntax.leaves_quote_open(line, inside=True):
            return


def _joined(texts: Sequence[CsvText]) -> CsvText:
    """The rows of several pieces, to learn from; what stands between them is left out."""
    import pyarrow as pa

    first = texts[0]
    lines = [text.rows.number(row) for text in texts for row in range(text.n_rows)]
    cells = [
        pa.chunked_array([chunk for text in texts for chunk in pa.chunked_array(text.cells[c]).chunks], pa.string())
        for c in range(len(first.names))
    ]
    return replace(
        first,
        cells=tuple(cells),
        records=tuple(record for text in texts for record in text.records),
        between={},
        tail="",
        notes=tuple(dict.fromkeys(note for text in texts for note in text.notes)),
        rows=RowNames("line", numbers=np.array(lines)),
    )
