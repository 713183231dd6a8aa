"""Splits and edits single records whose cells are separated by any number of spaces or tabs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latentfill.tables.backends.csv_records import body

_CELL = re.compile(r'"[^"]*"|\S+')
_NO_CELL = "NaN"  # an empty cell of a new record


@dataclass(frozen=True, slots=True)
class Aligned:
    """Cells separated by spaces; where they stand below each other, an empty cell is known by its place."""

    places: tuple[tuple[int, int], ...] = ()  # first and last character of each column; empty if they overlap

    @classmethod
    def of(cls, records: Sequence[str], width: int) -> Aligned:
        """The places of the columns in records that have `width` cells."""
        spans = [each for record in records if len(each := _spans(record)) == width]
        if not spans:
            return cls()
        starts = [min(span[c][0] for span in spans) for c in range(width)]
        ends = [max(span[c][1] for span in spans) for c in range(width)]
        apart = all(end < start for end, start in zip(ends, starts[1:], strict=False))
        return cls(tuple(zip(starts, ends, strict=True))) if apart else cls()

    def plain_fields(self, record: str) -> list[str]:
        """The cells of a record without quotes; empty cells by their place if the record has too few."""
        text = body(record)
        return [text[start:end].strip('"') for start, end in self._cells(text)]

    def _cells(self, text: str) -> list[tuple[int, int]]:
        """First and last character of each cell; an empty cell ends where its column ends."""
        spans = _spans(text)
        if not self.places or len(spans) >= len(self.places):
            return spans
        cells = [(min(end, len(text)),) * 2 for _, end in self.places]
        for start, end in spans:
            at = [c for c, (left, right) in enumerate(self.places) if start < right and end > left]
            if len(at) != 1 or cells[at[0]][0] < cells[at[0]][1]:
                return spans  # not below one column
            cells[at[0]] = (start, end)
        return cells

    def replace_cells(self, record: str, texts: Mapping[int, str]) -> str:
        """The record with some cells replaced; what follows stays in its place if there is room."""
        text = body(record)
        line_end = record[len(text) :]
        cells = self._cells(text)
        if self.places and any(start == end for start, end in cells):  # empty cells: a place to write to
            text = text.ljust(self.places[max(texts)][1])
            cells = [(end, end) if a == b else (a, b) for (a, b), (_, end) in zip(cells, self.places, strict=True)]
        for column in sorted(texts, reverse=True):
            start, end = cells[column]
            before = text[:start].rstrip()
            first = len(before) + bool(before)  # one space stays before the cell
            text = text[: min(first, start)] + texts[column].rjust(end - first) + text[end:]
        return text + line_end

    def append_cells(self, record: str, texts: Sequence[str]) -> str:
        """The record with cells added at its end."""
        own = body(record)
        return own.rstrip() + "  " + self.join_fields(texts) + record[len(own) :]

    def join_fields(self, texts: Sequence[str]) -> str:
        """A record with these cells, without a line end."""
        if len(texts) != len(self.places):
            return "  ".join(f'"{text}"' if " " in text else text or _NO_CELL for text in texts)
        line = ""
        for text, (_, end) in zip(texts, self.places, strict=True):
            new = text or _NO_CELL
            line += new.rjust(max(end - len(line), len(new) + bool(line)))
        return line

    def leaves_quote_open(self, line: str, *, inside: bool = False) -> bool:
        """A cell never has several lines."""
        return False


def _spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _CELL.finditer(body(text))]
