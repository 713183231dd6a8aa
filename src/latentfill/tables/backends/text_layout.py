"""Finds the layout of a text file: its delimiter, its comments, and the lines that hold names, units and data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from latentfill.core.errors import InputError
from latentfill.core.messages import LONGEST_VALUE, counted, shortened
from latentfill.tables.backends.cell_kinds import kind_of
from latentfill.tables.backends.field_syntax import SPACES, FieldSyntax, syntax_of
from latentfill.tables.backends.header_rows import HeaderRows, column_names, find_header, requested_header
from latentfill.tables.backends.read_request import ReadRequest

DELIMITERS = (",", ";", "\t", "|")
COMMENTS = ("#", "%", "//", "!")
_SAMPLE = 500  # lines in which the layout is found
_NEAR = 10  # lines above the data in which a comment may hold the names
_AS_GOOD = 0.1  # difference of the quality of delimiters that does not count


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """The layout of a text file. Lines are counted from 0."""

    delimiter: str
    comment: str  # start of lines that are no rows; "" if there are none
    names: tuple[str, ...]
    header: range  # lines of names and units
    header_records: tuple[str, ...]  # the records in these lines, each with what follows it up to the next
    names_at: int | None  # the one of these records that new columns are added to; None without a header
    notes: tuple[str, ...] = ()  # for the user

    @property
    def first_line(self) -> int:
        """The first line below the header."""
        return self.header.stop


@dataclass(frozen=True, slots=True)
class _Record:
    """A record in the sample."""

    line: int  # first line
    end: int  # the line after the last
    text: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """The sample as one delimiter divides it."""

    delimiter: str
    records: tuple[_Record, ...]
    comments: tuple[_Record, ...]  # lines that start like comments, divided without this start
    width: int  # cells of most records
    header: HeaderRows

    @property
    def quality(self) -> float:
        """Share of records with as many cells as most, times the share of cells that are no words."""
        body = self.records[self.header.data :] or self.records
        if not body:
            return 0.0
        same = [record for record in body if len(record.cells) == self.width]
        kinds = Counter(kind_of(text) for record in same[:100] for text in record.cells)
        return len(same) / len(body) * (1 - kinds["text"] / max(1, kinds.total()))

    @property
    def is_headless(self) -> bool:
        """Whether there are lines above the data, but none with as many cells."""
        header = self.header
        return header.first == header.data > 0

    @property
    def has_blanks_in_times(self) -> bool:
        """Whether most records have a time stamp with a blank in one cell, which shows that blanks do not divide."""
        body = self.records[self.header.data :][:100]
        stamped = [any(" " in cell.strip() and kind_of(cell) == "time" for cell in record.cells) for record in body]
        return 2 * sum(stamped) > len(body)

    @property
    def is_ragged(self) -> bool:
        return self.delimiter == SPACES


def find_layout(lines: Sequence[str], request: ReadRequest, path: object) -> TextLayout:
    """The layout of a file with these lines, as far as the request does not give it.

    Raises an `InputError` if the names in the request do not fit, or if lines above the data hold no names.
    """
    skipped = request.skip_rows or 0
    if skipped >= len(lines):
        raise InputError(f"{path} has {counted(len(lines), 'line')}, and skip_rows leaves out {skipped}.")
    comment = _find_comment(lines[skipped : skipped + _SAMPLE]) if request.comment is None else request.comment
    reading = _reading(lines, request, comment)
    if not reading.records:
        raise InputError(f"{path} has no row. A table needs a header line and at least two rows.")
    if comment and reading.header.first == reading.header.data and request.header_rows is None:
        reading = _with_header_in_comments(reading)
    header = requested_header(reading.header, request)
    if reading.is_headless and header == reading.header and request.names is None:
        raise _no_names_error(reading, path)
    return _layout(lines, reading, header, comment, request, path)


def _reading(lines: Sequence[str], request: ReadRequest, comment: str) -> _Reading:
    """The sample as the best delimiter divides it."""
    skipped = request.skip_rows or 0
    marks = (*DELIMITERS, SPACES) if request.delimiter is None else (request.delimiter,)
    return _best([_read_with(lines, mark, comment, skipped) for mark in marks])


def _best(readings: Sequence[_Reading]) -> _Reading:
    """The best reading; of those as good, one divided by a character, and with the most columns."""
    possible = [each for each in readings if each.width > 1 and not each.is_headless] or [readings[0]]
    if any(each.has_blanks_in_times for each in possible if not each.is_ragged):
        possible = [each for each in possible if not each.is_ragged]
    top = max(each.quality for each in possible)
    good = [each for each in possible if each.quality >= top - _AS_GOOD]
    return min(good, key=lambda each: (each.is_ragged, -each.width))


def _read_with(lines: Sequence[str], delimiter: str, comment: str, skipped: int) -> _Reading:
    """The sample as this delimiter divides it."""
    syntax = syntax_of(delimiter)
    records, comments = [], []
    for number, end, text in _sampled(lines, syntax, skipped):
        if comment and text.startswith(comment):
            comments.append(_Record(number, end, text, tuple(syntax.plain_fields(text.lstrip(comment)))))
        elif text.strip(" \t\r\n".replace(delimiter, "")):
            records.append(_Record(number, end, text, tuple(syntax.plain_fields(text))))
    width = _common_width([len(record.cells) for record in records])
    header = find_header([record.cells for record in records], width, ragged=delimiter == SPACES)
    return _Reading(delimiter, tuple(records), tuple(comments), width, header)


def _sampled(lines: Sequence[str], syntax: FieldSyntax, skipped: int) -> Iterator[tuple[int, int, str]]:
    """The first records, with the numbers of their first line and of the line after their last.

    A record has several lines if a cell in quotes has.
    """
    number, end = skipped, min(len(lines), skipped + _SAMPLE)
    while number < end:
        text, following = lines[number], number + 1
        if '"' in text and syntax.leaves_quote_open(text):
            text, following = _closed(lines, number, syntax)
        yield number, following, text
        number = following


def _closed(lines: Sequence[str], number: int, syntax: FieldSyntax) -> tuple[str, int]:
    """The record that begins in a line with an open quote, and the line after it; one line if it never closes."""
    text = lines[number]
    for following, line in enumerate(islice(lines, number + 1, number + 50), start=number + 2):
        text += line
        if not syntax.leaves_quote_open(text):
            return text, following
    return lines[number], number + 1


def _common_width(widths: Sequence[int]) -> int:
    """The most common number of cells in the second half of the records."""
    late, every = Counter(widths[len(widths) // 2 :]), Counter(widths)
    return max(late, key=lambda width: (late[width], every[width]), default=1)


def _find_comment(lines: Sequence[str]) -> str:
    """How lines of comments start; "" if there are none, or if more than half of the lines start so."""
    for mark in COMMENTS:
        if 0 < 2 * sum(line.startswith(mark) for line in lines) <= len(lines) + 1:
            return mark
    return ""


# --- the header ---------------------------------------------------------------------------------------------


def _with_header_in_comments(reading: _Reading) -> _Reading:
    """A reading whose header may be the comments right above the data, such as `# time, level`."""
    data = reading.records[reading.header.data].line
    above: list[_Record] = []
    filled = [each for each in reading.comments if data - _NEAR <= each.line < data and "".join(each.cells).strip()]
    for record in reversed(filled):
        if len(record.cells) != reading.width or (above and record.end != above[0].line):
            break
        above.insert(0, record)
    if not above:
        return reading
    records = (*above, *reading.records[reading.header.data :])
    return replace(reading, records=records, header=HeaderRows(0, 1, len(above)))


def _layout(
    lines: Sequence[str], reading: _Reading, header: HeaderRows, comment: str, request: ReadRequest, path: object
) -> TextLayout:
    records = reading.records
    for record in records[header.first : header.data]:
        if '"' in record.text and syntax_of(reading.delimiter).leaves_quote_open(record.text):
            raise open_quote_error(record.line + 1, path)
    names = _names(reading, header, request, path)
    start = records[header.first].line if header.first < len(records) else len(lines)
    starts = [record.line for record in records[header.first : header.data]]
    stop = _line_after(reading, header) if starts else start
    ends = [*starts[1:], stop][: len(starts)]
    layout = TextLayout(
        delimiter=reading.delimiter,
        comment=comment,
        names=names,
        header=range(start, stop),
        header_records=tuple("".join(lines[a:b]) for a, b in zip(starts, ends, strict=True)),
        names_at=header.units - header.first - 1 if header.units > header.first else None,
    )
    return replace(layout, notes=tuple(_notes(lines, layout, reading, header, request)))


def _line_after(reading: _Reading, header: HeaderRows) -> int:
    """The line after the last record of the header."""
    last = reading.records[header.data - 1] if header.data <= len(reading.records) else reading.records[-1]
    return last.end


def _names(reading: _Reading, header: HeaderRows, request: ReadRequest, path: object) -> tuple[str, ...]:
    """The names of all columns."""
    rows = [list(record.cells) for record in reading.records[header.first : header.units]]
    width = reading.width if not rows or header.data >= len(reading.records) or reading.is_ragged else len(rows[-1])
    body = [record.cells for record in reading.records[header.data :]]
    if rows and all(len(row) == reading.width - 1 for row in rows) and any(len(r) == reading.width for r in body):
        is_last_empty = all(len(row) < reading.width or not row[-1].strip() for row in body)
        rows = [[*row, ""] if is_last_empty else ["", *row] for row in rows]
        width = reading.width
    if request.names is None and len({len(row) for row in rows}) > 1:
        raise InputError(
            f"{path}: the {len(rows)} header rows have {', '.join(str(len(row)) for row in rows)} cells. Give the "
            "number of rows with names (--header-rows) and of lines above them (--skip-rows)."
        )
    return column_names(rows, body, width, request, path)


def open_quote_error(line: int, path: object) -> InputError:
    """The error for a quote that is opened in this line, counted from 1."""
    return InputError(f"{path}: a quote opened in line {line} is never closed. Close or remove it.")


def _no_names_error(reading: _Reading, path: object) -> InputError:
    above = reading.records[reading.header.first - 1]
    first = reading.records[reading.header.data]
    return InputError(
        f"{path}: line {above.line + 1}, above the first row of data, has {counted(len(above.cells), 'field')}, but "
        f"the rows have {reading.width} (line {first.line + 1}), so it does not name the columns. Correct it, name the "
        "columns (--names), or give `--header-rows 0` if the file has no names, or the right `--delimiter`."
    )


def _notes(
    lines: Sequence[str], layout: TextLayout, reading: _Reading, header: HeaderRows, request: ReadRequest
) -> Iterator[str]:
    if request.skip_rows is None and any(line.strip() for line in lines[: layout.header.start]):
        last = layout.header.start
        yield f"{'Line 1' if last == 1 else f'Lines 1 to {last}'}, above the table, {_is_are(last)} kept unchanged."
    if layout.names_at is None and request.names is None:
        names = ", ".join(_shortened(layout.names))
        yield f"The file has no row of column names: they are called {names}. Give them with --names."
    units = reading.records[header.units : header.data]
    if units and request.units_row is None:
        shown = shortened("; ".join(record.text.strip() for record in units), LONGEST_VALUE)
        yield f"Below the column names, {counted(len(units), 'row')} without data {_is_are(len(units))} kept: {shown}"


def _shortened(names: Sequence[str]) -> list[str]:
    """Names in which a run of numbered ones is written as its first and last."""
    numbered = [name for name in names if name.startswith("column_")]
    others = [name for name in names if name not in numbered]
    numbered = [f"{numbered[0]} to {numbered[-1]}"] if len(numbered) > 1 else numbered
    return [shortened(name, LONGEST_VALUE) for name in (*others, *numbered)]


def _is_are(number: int) -> str:
    return "is" if number == 1 else "are"
