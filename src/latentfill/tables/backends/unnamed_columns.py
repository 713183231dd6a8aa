"""Names for the columns of a table without names, such as year, month, day and hour where they hold these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from latentfill.tables.backends.cell_kinds import kind_of

_PARTS = (  # names of the first columns if they hold parts of a time stamp, with the smallest and the largest number
    *(("year", 1700, 2261), ("month", 1, 12), ("day", 1, 31)),
    *(("hour", 0, 24), ("minute", 0, 59)),
)
_DECIMAL_YEAR = re.compile(r"(?:1[789]|2[012])\d\d\.\d{3,}")
_LEAST_ROWS = 10  # that show what columns hold


def numbered_names(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Names of `width` columns from rows of data: those of the time stamps in front, else `column_1`, `column_2` ..."""
    whole = [[text.strip() for text in row] for row in rows if len(row) == width]
    found = _time_names(whole) if len(whole) >= _LEAST_ROWS else []
    return [*found, *(f"column_{position + 1}" for position in range(len(found), width))]


def _time_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """Names of the first columns if these are the parts of time stamps that increase from row to row; else none."""
    if all(_DECIMAL_YEAR.fullmatch(row[0]) for row in rows) and _increase([(float(row[0]),) for row in rows]):
        return ["decimal_date"]
    if all(kind_of(row[0]) == "time" and ":" not in row[0] for row in rows) and len(rows[0]) > 2:
        days = [row[0] for row in rows]
        repeat = len(set(days)) < len(days)
        hours_fit = all(_is_between(row[1], 0, 24) for row in rows)
        return ["date", "hour"] if repeat and hours_fit and _hours_increase(rows) else []
    stamps: list[tuple[float, ...]] = [() for _ in rows]
    names: list[str] = []
    for position, (name, low, high) in enumerate(_PARTS[: len(rows[0]) - 1]):
        if not all(_is_between(row[position], low, high) for row in rows):
            return []
        names.append(name)
        stamps = [(*stamp, float(row[position])) for stamp, row in zip(stamps, rows, strict=True)]
        if _increase(stamps):
            return names if position else []  # years that never repeat need no months
    return []


def _hours_increase(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the second column increases as long as the first stays the same."""
    return all(int(row[1]) < int(following[1]) for row, following in pairwise(rows) if row[0] == following[0])


def _increase(stamps: Sequence[tuple[float, ...]]) -> bool:
    return all(stamp < following for stamp, following in pairwise(stamps))


def _is_between(text: str, low: int, high: int) -> bool:
    return text.isdecimal() and low <= int(text) <= high
