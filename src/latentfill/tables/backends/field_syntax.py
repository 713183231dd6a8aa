"""How the cells of a record are separated: by a delimiter, or by spaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from latentfill.tables.backends import csv_records
from latentfill.tables.backends.aligned_records import Aligned

SPACES = " "  # stands for any number of spaces and tabs


class FieldSyntax(Protocol):
    """Splits and edits records."""

    def plain_fields(self, record: str) -> list[str]:
        """The cells of a record without quotes."""

    def replace_cells(self, record: str, texts: Mapping[int, str]) -> str:
        """The record with the cells at some positions replaced."""

    def append_cells(self, record: str, texts: Sequence[str]) -> str:
        """The record with cells added at its end."""

    def join_fields(self, texts: Sequence[str]) -> str:
        """A record with these cells, without a line end."""

    def leaves_quote_open(self, line: str, *, inside: bool = False) -> bool:
        """Whether a line ends inside a quoted cell; `inside`: it begins inside one."""


@dataclass(frozen=True, slots=True)
class Delimited:
    """Cells separated by one character."""

    delimiter: str

    def plain_fields(self, record: str) -> list[str]:
        return csv_records.plain_fields(record, self.delimiter)

    def replace_cells(self, record: str, texts: Mapping[int, str]) -> str:
        return csv_records.replace_cells(record, self.delimiter, texts)

    def append_cells(self, record: str, texts: Sequence[str]) -> str:
        return csv_records.append_cells(record, self.delimiter, texts)

    def join_fields(self, texts: Sequence[str]) -> str:
        return csv_records.join_fields(texts, self.delimiter)

    def leaves_quote_open(self, line: str, *, inside: bool = False) -> bool:
        return csv_records.leaves_quote_open(line, self.delimiter, inside=inside)


def syntax_of(delimiter: str) -> FieldSyntax:
    """How records are split at a delimiter."""
    return Aligned() if delimiter == SPACES else Delimited(delimiter)
