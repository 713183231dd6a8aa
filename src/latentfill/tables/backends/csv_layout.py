"""Describes the layout of a text file: its encoding and delimiter, and the lines that are no rows."""

from __future__ import annotations

import io

from latentfill.tables.backends.csv_text import CsvText
from latentfill.tables.backends.field_syntax import Delimited

_SHOWN_LINES = 10  # of those above the table
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def describe_layout(text: CsvText) -> dict[str, object]:
    """What was found about the layout of a text file, as JSON values."""
    above = _lines(text.head)
    n_names = 0 if text.names_at is None else text.names_at + 1
    return {
        "encoding": text.encoding + (" with a byte order mark" if text.bom else ""),
        "delimiter": _delimiter(text),
        "lines_above": len(above),
        "first_lines_above": above[:_SHOWN_LINES],
        "header_rows": n_names,
        "units_rows": [record.strip() for record in text.header[n_names:]],
        "comment": text.comment or None,
        "comment_lines": _count_comments(text),
        "lines_below": [line for line in _lines(text.tail) if line.strip()],
    }


def _delimiter(text: CsvText) -> str:
    mark = text.syntax.delimiter if isinstance(text.syntax, Delimited) else None
    return "any number of spaces" if mark is None else _DELIMITERS.get(mark, mark)


def _count_comments(text: CsvText) -> int:
    """How many lines above, between and below the rows are comments."""
    if not text.comment:
        return 0
    others = (text.head, *text.between.values(), text.tail)
    return sum(line.startswith(text.comment) for each in others for line in _lines(each))


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in io.StringIO(text, newline="")]
