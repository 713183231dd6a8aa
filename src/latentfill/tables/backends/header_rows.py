"""Finds the rows of a table that hold column names and units, and the first row of data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from latentfill.core.errors import InputError
from latentfill.core.messages import counted
from latentfill.tables.backends.cell_kinds import column_kinds, fits, kind_of
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.unnamed_columns import numbered_names

_LOGGERS = ("TOA5", "TOACI1", "TOB1")  # first word of the line above the names in files of Campbell loggers
_MOST_ROWS = 6  # of a header
_SAMPLE = 200  # rows of data that show what the columns hold


@dataclass(frozen=True, slots=True)
class HeaderRows:
    """Numbers of the rows of a header: names are in `first:units`, units in `units:data`."""

    first: int
    units: int
    data: int


def find_header(rows: Sequence[Sequence[str]], width: int, *, ragged: bool = False) -> HeaderRows:
    """The header of a table with `width` columns; of a table without a header, no rows.

    `ragged`: a row of units may have fewer cells than the table, because empty cells do not show.
    """
    data = first_data_row(rows, width, ragged=ragged)
    if data is None:  # nothing tells data from names
        return HeaderRows(0, 1, 1)
    top = _top(rows, data, width, ragged=ragged)
    if top == data:
        starts_with_names = data == 0 and len(rows) > 1 and _are_consecutive(rows[0])
        return HeaderRows(data, data + starts_with_names, data + starts_with_names)
    if ragged:
        return HeaderRows(top, top + 1, data)
    block = rows[top:data]
    n_filled = [sum(bool(text.strip()) for text in row) for row in block]
    unique = [at for at, row in enumerate(block) if _are_names(row) and n_filled[at] == max(n_filled)]
    if unique:
        return HeaderRows(top + unique[0], top + unique[0] + 1, data)
    is_unique_together = len(block) > 1 and len(set(joined_names(block))) == width
    return HeaderRows(top, data if is_unique_together else top + 1, data)


def requested_header(found: HeaderRows, request: ReadRequest) -> HeaderRows:
    """The header that was found, with what the request says instead."""
    if request.skip_rows is None and request.header_rows is None and request.units_row is None:
        return found
    n_names = request.header_rows
    if request.skip_rows is not None:
        first = 0
    elif n_names == 0:
        first = found.data
    else:
        first = found.first
    if n_names is None:
        n_names = found.units - found.first if found.first == first else 1
    data = max(found.data, first + n_names)
    if request.units_row is not None:
        data = first + n_names + request.units_row
    elif request.header_rows == 0:
        data = first
    return HeaderRows(first, first + n_names, data)


def first_data_row(rows: Sequence[Sequence[str]], width: int, *, ragged: bool = False) -> int | None:
    """Number of the first row of data; None if no column holds numbers or time stamps.

    `ragged`: rows may have more cells than the table, such as remarks.
    """
    full = [at for at, row in enumerate(rows) if len(row) == width or (ragged and len(row) > width)]
    body = [rows[at] for at in full[len(full) // 3 if len(full) > 2 else len(full) - 1 :]]
    kinds = column_kinds(body[-_SAMPLE:])[:width]
    first = next((at for at in full if fits(rows[at][:width], kinds)), None)
    if first is None:
        return None
    while first > 0 and len(rows[first - 1]) == width and _may_be_data(rows[first - 1], kinds):
        first -= 1
    return first


def _may_be_data(row: Sequence[str], kinds: Sequence[str]) -> bool:
    """Whether a row without any number or stamp is data: it has no words but in columns of words.

    A row with words and without its time stamp is none.
    """
    words = [kind for text, kind in zip(row, kinds, strict=False) if kind_of(text) == "text"]
    lacks_stamp = any(kind == "time" and not text.strip() for text, kind in zip(row, kinds, strict=False))
    only_words = bool(words) and all(kind == "text" for kind in words)
    return (only_words and not lacks_stamp) or not any(text.strip() for text in row)


def _top(rows: Sequence[Sequence[str]], data: int, width: int, *, ragged: bool) -> int:
    """The first of the rows above the data that belong to the table."""
    if ragged:
        near = range(data - 1, max(-1, data - 1 - _MOST_ROWS), -1)
        named = [at for at in near if len(rows[at]) == width and _are_names(rows[at])]
        if not named and near and len(rows[data - 1]) == width - 1 and _are_names(rows[data - 1]):
            return data - 1  # the first column has no name
        return named[0] if named else data
    above = len(rows[data - 1]) if data else 0
    if above != width and (above != width - 1 or width < 3):  # the first name or the empty last one may be missing
        return data
    top = data
    while top > 0 and data - top < _MOST_ROWS and len(rows[top - 1]) == above:
        if rows[top - 1][0].strip() in _LOGGERS:
            break
        top -= 1
    return top


def _are_names(row: Sequence[str]) -> bool:
    """Whether all cells are filled and different; the first and the last ones may be empty."""
    names = [text.strip() for text in row]
    while names and not names[-1]:
        names.pop()
    names = names[1:] if names and not names[0] else names
    return bool(names) and all(names) and len(set(names)) == len(names)


def _are_consecutive(row: Sequence[str]) -> bool:
    """Whether a row of nothing but numbers counts the columns (or years), as names do that a program made."""
    numbers = [text.strip() for text in (row if row[0].strip() else row[1:])]
    if len(numbers) < 1 or not all(text.isdecimal() for text in numbers):
        return False
    start = int(numbers[0])
    counted = [int(text) for text in numbers] == list(range(start, start + len(numbers)))
    return counted and (start in (0, 1) or len(numbers) > 2)


def column_names(
    rows: Sequence[Sequence[str]], body: Sequence[Sequence[str]], width: int, request: ReadRequest, path: object
) -> tuple[str, ...]:
    """Names of `width` columns: those that the request gives, else from the rows of names, else numbered ones.

    `body` are rows of data, which may show time stamps.

    Raises an `InputError` if the request has another number of names.
    """
    if request.names is None:
        return tuple(joined_names(rows) if rows else numbered_names(body, width))
    if len(request.names) != width:
        raise InputError(
            f"{path} has {counted(width, 'column')}, and names has {len(request.names)}. Name every column, also those "
            "that are not filled."
        )
    return request.names


def joined_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """Names from several rows: the cells of a column joined by spaces; a title above several columns is in all."""
    cells = [[text.strip() for text in row] for row in rows]
    spread = [*map(_spread, cells[:-1]), cells[-1]]
    return [" ".join(dict.fromkeys(filter(None, parts))) for parts in zip(*spread, strict=True)]


def _spread(row: Sequence[str]) -> Sequence[str]:
    """The row with the title to the left in each empty cell; unchanged if titles are written above every column."""
    if any(text and text == following for text, following in pairwise(row)):
        return row
    cells: list[str] = []
    for text in row:
        cells.append(text or (cells[-1] if cells else ""))
    return cells
