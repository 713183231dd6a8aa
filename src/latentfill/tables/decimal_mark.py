"""Detects the decimal mark of the numbers in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.native import TextArray
from latentfill.tables.options import TableOptions
from latentfill.tables.time.axis import TimeAxis

# numbers whose comma must be a decimal mark, and numbers whose commas may also separate thousands
_CLEAR_COMMA = r"^\s*[+-]?(\d*,\d{1,2}|\d*,\d{4,}|0+,\d+|\d{4,},\d+)([eE][+-]?\d+)?\s*$"
_AMBIGUOUS_COMMA = r"^\s*[+-]?\d{1,3}(,\d{3})+\s*$"


@dataclass(frozen=True, slots=True)
class DecimalMark:
    """The decimal mark of a table."""

    mark: str  # "." or ","
    notes: tuple[str, ...] = ()  # for the user


def find_decimal_mark(columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions) -> DecimalMark:
    """The decimal mark that the user gives, else the mark detected in columns of text; a note reports a comma.

    Time columns and columns in `options.leave` are ignored. Raises an `InputError` if all commas may separate
    thousands.
    """
    if options.decimal is not None:
        return DecimalMark(options.decimal)
    texts = [
        (column.name, column.texts)
        for position, column in enumerate(columns)
        if column.kind == "text" and column.name not in options.leave and not (axis and position in axis.columns)
    ]
    for name, cells in texts:
        if example := _first_match(cells, _CLEAR_COMMA):
            return DecimalMark(",", (f"Numbers are read with a decimal comma (column {name!r}: {example!r}).",))
    for name, cells in texts:
        if example := _first_match(cells, _AMBIGUOUS_COMMA):
            raise InputError(
                f"Column {name!r} holds {example!r}, whose comma may be a decimal mark or separate thousands. If it is "
                "a decimal mark, give `--decimal ,`; otherwise remove the commas from the table."
            )
    return DecimalMark(".")


def _first_match(texts: TextArray, pattern: str) -> str | None:
    """The first text that matches the pattern; None if no text does."""
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(texts, ",")).as_py():  # a fast test that is enough for most columns
        return None
    matches = pc.filter(texts, pc.match_substring_regex(texts, pattern))  # without the nulls
    return str(matches[0].as_py()) if len(matches) else None
