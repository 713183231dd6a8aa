"""Splits and edits single records of a CSV file as raw text, with quotes and line ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_MARKS = ('"', "\n", "\r")  # besides the delimiter, what makes quotes around a cell necessary
_QUOTE_REST = re.compile(r'(?:[^"]++|"")*+"')  # from inside a quoted field to its closing quote


def body(record: str) -> str:
    """The record without its line end."""
    return record.rstrip("\r\n")


def split_record(record: str, delimiter: str) -> list[str]:
    """The raw fields of a record with their quotes, without the line end."""
    text = body(record)
    if '"' not in text:
        return text.split(delimiter)
    return _fields_pattern(delimiter).findall(text)


@lru_cache
def _fields_pattern(delimiter: str) -> re.Pattern[str]:
    d = re.escape(delimiter)
    return re.compile(rf'(?:^|{d})("(?:[^"]++|"")*+"[^{d}]*+|[^{d}]*+)')


def plain_fields(record: str, delimiter: str) -> list[str]:
    """The fields of a record without their quotes."""
    fields = split_record(record, delimiter)
    return [_unquoted(field) for field in fields] if '"' in record else fields


def _unquoted(field: str) -> str:
    if not field.startswith('"'):
        return field
    trimmed = field.rstrip()
    if len(trimmed) < 2 or not trimmed.endswith('"'):
        return field
    return trimmed[1:-1].replace('""', '"')


def leaves_quote_open(line: str, delimiter: str, *, inside: bool = False) -> bool:
    """Whether a line ends inside a quoted field; `inside`: the line begins inside a quoted field.

    A quote opens a field only if it is the first character of the field.
    """
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


def join_fields(texts: Sequence[str], delimiter: str) -> str:
    """A record with these cells, quoted if necessary, without a line end."""
    joined = delimiter.join(texts)
    has_marks = joined.count(delimiter) != len(texts) - 1 or any(mark in joined for mark in _MARKS)
    return delimiter.join([_quoted(text, delimiter) for text in texts]) if has_marks else joined


def replace_cells(record: str, delimiter: str, texts: Mapping[int, str]) -> str:
    """The record with the fields at some positions replaced; a quoted field stays quoted, an aligned one aligned."""
    fields = split_record(record, delimiter)
    for column, text in texts.items():
        old = fields[column]
        new = _quoted(text, delimiter, always=old.startswith('"'))
        fields[column] = new.rjust(len(old)) if old.startswith(" ") else new
    return delimiter.join(fields) + record[len(body(record)) :]


def append_cells(record: str, delimiter: str, texts: Sequence[str]) -> str:
    """The record with one or more fields added at its end."""
    own = body(record)
    return own + delimiter + join_fields(texts, delimiter) + record[len(own) :]


def _quoted(text: str, delimiter: str, *, always: bool = False) -> str:
    if always or delimiter in text or '"' in text or "\n" in text or "\r" in text:  # written out, as it is called often
        return '"' + text.replace('"', '""') + '"'
    return text
