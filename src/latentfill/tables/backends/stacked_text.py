"""A large text file that stacks series: it is divided into files of a few whole series each, and put together again.

Only the number of the file that each row goes to is held in memory.
"""

from __future__ import annotations

import codecs
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from latentfill.core.memory_limit import check_memory
from latentfill.core.series import BoolArray, IntArray
from latentfill.core.text_files import MEMORY_PER_BYTE
from latentfill.tables.backends.field_syntax import SPACES, FieldSyntax, syntax_of
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.text_layout import find_layout
from latentfill.tables.backends.text_lines import BOM, new_text, opened_bytes, opened_text

HEAD_BYTES = 1 << 20  # from which the layout is found
ENCODINGS = ("utf-8", "ascii", "iso8859-1", "cp1252")  # in which a line can be read by itself; UTF-8 if none is given
MOST_FILES = 256  # that are written side by side
SAMPLED_SERIES, SAMPLED_ROWS = 512, 100_000  # of the sample, at most about

Label = tuple[str, ...]


class UnusualTextError(Exception):
    """The file cannot be divided while it is read; read as a whole, it is understood, or refused with the reason."""


@dataclass(frozen=True, slots=True)
class Division:
    """The files that a stacked file was divided into."""

    paths: tuple[Path, ...]  # each holds whole series
    longest: Path  # the one with the longest series
    sample: Path  # series evenly from all
    file_of_row: array[int]  # for each row the position in `paths`
    series: int
    ends_with_line_end: bool


@dataclass(frozen=True, slots=True)
class StackedText:
    """A text file of series, which some columns tell apart."""

    path: Path
    encoding: str
    has_bom: bool
    head_lines: int  # above the first row
    width: int  # columns
    by: tuple[int, ...]  # positions of the columns that tell the series apart
    syntax: FieldSyntax
    comment: str

    @classmethod
    def of(cls, path: Path, request: ReadRequest, by: Sequence[str]) -> StackedText:
        """The layout of a file, found in its first rows.

        Raises an `InputError` if it is not understood, and an `UnusualTextError` for one that is not divided: with
        cells aligned by spaces, in another encoding than those of `ENCODINGS`, or without one of the columns `by`.
        """
        with opened_bytes(path) as file:
            data = file.read(HEAD_BYTES)
        has_bom, data = data.startswith(BOM), data.removeprefix(BOM)
        encoding = "utf-8" if has_bom else codecs.lookup(request.encoding or "utf-8").name
        if encoding not in ENCODINGS:
            raise UnusualTextError
        try:
            text = data[: data.rfind(b"\n") + 1 or None].decode(encoding)
        except UnicodeError as error:
            raise UnusualTextError from error
        lines = list(io.StringIO(text, newline=""))
        layout = find_layout(lines, request, path)
        if layout.delimiter == SPACES or not set(by) <= set(layout.names):
            raise UnusualTextError
        positions = tuple(layout.names.index(name) for name in by)
        head = layout.first_line
        while head < len(lines) and _is_no_row(lines[head], layout.comment):
            head += 1
        syntax = syntax_of(layout.delimiter)
        return cls(path, encoding, has_bom, head, len(layout.names), positions, syntax, layout.comment)

    def divide(self, folder: Path, rows_per_file: int) -> Division:
        """Write files of whole series with about `rows_per_file` rows, more if a series has more, and a sample."""
        numbers: dict[Label, int] = {}
        series_of_row, size = array("I"), 0
        for row, below in self._rows():
            series_of_row.append(numbers.setdefault(self._label(row), len(numbers)))
            size += len(row) + len(below)
        lengths = np.bincount(series_of_row)
        check_memory(MEMORY_PER_BYTE * size * float(lengths.max()) / len(series_of_row), self.path)  # the longest alone
        file_of = files_by_series(lengths, max(rows_per_file, len(series_of_row) // MOST_FILES))
        paths = [folder / f"{number}.csv" for number in range(int(file_of.max()) + 1)]
        sampled, sample = _sampled(lengths), folder / "sample.csv"
        with ExitStack() as stack:
            files = [stack.enter_context(self._new_file(path)) for path in paths]
            sample_file = stack.enter_context(self._new_file(sample))
            targets = [
                [files[of], sample_file] if is_in else [files[of]] for of, is_in in zip(file_of, sampled, strict=True)
            ]
            for (row, below), series in zip(self._rows(), series_of_row, strict=True):
                ends = (below or row).endswith(("\n", "\r"))
                for file in targets[series]:
                    file.write(row + below if ends else row + below + "\n")
        longest = paths[file_of[np.argmax(lengths)]]
        file_of_row = array("I", file_of[series_of_row].astype(np.uint32).tobytes())
        return Division(tuple(paths), longest, sample, file_of_row, len(lengths), ends)

    def _rows(self) -> Iterator[tuple[str, str]]:
        """The rows, each with the comments and blank lines below it."""
        return _with_lines_below(self._lines(self.path, self.head_lines), self.comment)

    def _label(self, record: str) -> Label:
        fields = self.syntax.plain_fields(record)
        label = tuple(fields[position].strip() for position in self.by) if len(fields) == self.width else ()
        if not any(label):  # a line below the table, or empty rows at its end
            raise UnusualTextError
        return label

    @contextmanager
    def _new_file(self, path: Path) -> Iterator[IO[str]]:
        """A new text file with the lines above the rows."""
        with _text(self.path, self.encoding) as own, path.open("w", encoding=self.encoding, newline="") as file:
            file.write("\ufeff" if self.has_bom else "")
            file.writelines(islice(own, self.head_lines))
            yield file

    def join(
        self, parts: Sequence[Path], is_row: Sequence[BoolArray], division: Division, into: Path, *, packed: bool
    ) -> None:
        """Write the rows of the filled files in the order of this file, below the lines above the rows of the first.

        `is_row` says of each row of a filled file whether it is a row of this file, or one that was added below. The
        new file is `packed` by gzip or not.
        """
        lines = [self._lines(part, self.head_lines) for part in parts]
        rows = [map("".join, _with_lines_below(each, self.comment)) for each in lines]
        with new_text(into, self.encoding, packed=packed) as file:
            file.write("\ufeff" if self.has_bom else "")
            file.writelines(self._head(parts[0], self.head_lines))
            held = ""
            for text in _in_order(rows, is_row, division.file_of_row):
                file.write(held)
                held = text
            file.write(held if division.ends_with_line_end else held.removesuffix("\n"))

    def join_columns(
        self, parts: Sequence[Path], is_row: Sequence[BoolArray], division: Division, into: Path, *, packed: bool
    ) -> None:
        """The same for files of new columns, which have one line of names and no comments."""
        with new_text(into, self.encoding, packed=packed) as file:
            file.writelines(self._head(parts[0], 1))
            lines = [self._lines(part, 1) for part in parts]
            file.writelines(_in_order(lines, is_row, division.file_of_row))

    def _head(self, path: Path, n_lines: int) -> Iterator[str]:
        with _text(path, self.encoding) as lines:
            yield from islice(lines, n_lines)

    def _lines(self, path: Path, head: int) -> Iterator[str]:
        """The lines of a file below its first `head`; lines that end inside quotes are joined."""
        pending = ""
        with _text(path, self.encoding) as lines:
            for line in islice(lines, head, None):
                if (pending or '"' in line) and self.syntax.leaves_quote_open(line, inside=bool(pending)):
                    pending += line
                    continue
                yield pending + line
                pending = ""
        if pending:
            raise UnusualTextError


def _with_lines_below(lines: Iterable[str], comment: str) -> Iterator[tuple[str, str]]:
    """The rows among the lines, each with the comments and blank lines below it."""
    row, below = "", ""
    for line in lines:
        if _is_no_row(line, comment):
            below += line
            continue
        if row:
            yield row, below
        row, below = line, ""
    if row:
        yield row, below


def _in_order(parts: Sequence[Iterator[str]], is_row: Sequence[BoolArray], file_of_row: Iterable[int]) -> Iterator[str]:
    """The rows of all parts in the order of the whole file, each with the added rows below it."""
    added = [iter(_added_after(each)) for each in is_row]
    for number in file_of_row:
        yield from islice(parts[number], 1 + next(added[number]))


def _added_after(is_row: BoolArray) -> list[int]:
    """How many added rows follow each row."""
    rows = np.flatnonzero(np.append(is_row, True))
    return [int(n) for n in np.diff(rows) - 1]


def files_by_series(lengths: IntArray, rows_per_file: int) -> IntArray:
    """The number of the file for each series of so many rows, so that a file holds about `rows_per_file`."""
    file_of, number, rows = np.zeros(len(lengths), dtype=np.int64), 0, 0
    for series, length in enumerate(lengths.tolist()):
        if rows and rows + length > rows_per_file:
            number, rows = number + 1, 0
        file_of[series] = number
        rows += length
    return file_of


def _sampled(lengths: IntArray) -> BoolArray:
    """Whether each series of so many rows is in the sample: evenly from all."""
    most = min(SAMPLED_SERIES, max(3, int(SAMPLED_ROWS // lengths.mean())))
    return np.asarray(np.arange(len(lengths)) % -(-len(lengths) // most) == 0)


def _is_no_row(line: str, comment: str) -> bool:
    return not line.rstrip("\r\n") or (bool(comment) and line.startswith(comment))


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[IO[str]]:
    """The lines of a text file, see `opened_text`; an `UnusualTextError` if it is in another encoding."""
    with opened_text(path, encoding) as lines:
        try:
            yield lines
        except UnicodeError as error:
            raise UnusualTextError from error
