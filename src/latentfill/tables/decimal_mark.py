"""Which decimal mark the numbers of a table are written with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.native import TextArray
from latentfill.tables.options import TableOptions
from latentfill.tables.time.axis import TimeAxis

_CLEAR_COMMA = r"^\s*[+-]?(\d*,\d{1,2}|\d*,\d{4,}|0+,\d+|\d{4,},\d+)([eE][+-]?\d+)?\s*$"
_UNCLEAR_COMMA = r"^\s*[+-]?\d{1,3}(,\d{3})+\s*$"


@dataclass(frozen=True, slots=True)
class DecimalMark:
    """The decimal mark of a table."""

    mark: str
    notes: tuple[str, ...] = ()


def find_decimal_mark(columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions) -> DecimalMark:
    """The decimal mark that the user gives, else the one that numbers written as text show.

    Time columns and columns left alone are not looked at. A note says so when the comma is found.
    """
    if options.decimal is not None:
        return DecimalMark(options.decimal)
    texts = [
        (column.name, column.texts)
        for at, column in enumerate(columns)
        if column.kind == "text" and column.name not in options.leave and not (axis and at in axis.columns)
    ]
    for name, cells in texts:
        if example := _first_match(cells, _CLEAR_COMMA):
            return DecimalMark(",", (f"Numbers are read with a decimal comma (column {name!r}: {example!r}).",))
    for name, cells in texts:
        if example := _first_match(cells, _UNCLEAR_COMMA):
            raise InputError(
                f"Column {name!r} holds {example!r}, with a decimal comma or a mark for thousands. "
                "Say `--decimal ,` for the first; remove the marks from the table for the second."
            )
    return DecimalMark(".")


def _first_match(texts: TextArray, pattern: str) -> str | None:
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(texts, ",")).as_py():  # cheap, and nearly always the end of it
        return None
    matches = pc.filter(texts, pc.fill_null(pc.match_substring_regex(texts, pattern), False))
    return str(matches[0].as_py()) if len(matches) else None
