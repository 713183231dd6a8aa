"""Detects how the numbers of a table are written: decimal mark, thousands separator, and signs beside numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from latentfill.core.errors import InputError
from latentfill.core.messages import listed, quoted
from latentfill.tables.backends.arrow import mask_array
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.numbers import NumberStyle, parse_numbers
from latentfill.tables.options import TableOptions
from latentfill.tables.time.axis import TimeAxis

_SPACES = r" '\x{2019}\x{a0}\x{202f}"  # thousands separators that no other number has
_SIGN = r"^\s*[+-]?"
# numbers whose comma must be a decimal mark, and numbers whose commas may also separate thousands
_CLEAR_COMMA = _SIGN + r"(\d*,\d{1,2}|\d*,\d{4,}|0+,\d+|\d{4,},\d+)([eE][+-]?\d+)?\s*$"
_AMBIGUOUS_COMMA = _SIGN + r"\d{1,3}(,\d{3})+\s*$"
_POINT = _SIGN + r"\d*\.\d+([eE][+-]?\d+)?\s*$"
_THOUSANDS = {  # separator -> numbers that show it, with or without decimals
    ".": (_SIGN + r"(\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})\s*$", ","),
    ",": (_SIGN + r"(\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,})\s*$", "."),
}
_SPACED = _SIGN + rf"\d{{1,3}}([{_SPACES}])\d{{3}}(([{_SPACES}])\d{{3}})*([.,]\d+)?\s*$"
_SPACED_COMMA = _SIGN + rf"\d{{1,3}}([{_SPACES}]\d{{3}})+,\d+\s*$"
_POINTED_THOUSANDS = _SIGN + r"\d{1,3}\.\d{3}\s*$"
_FLAGGED = r"^\s*[+-]?[\d.,]*\d[\d.,]*\s*(?P<flags>[*#†‡]+)\s*$"

NamedTexts: TypeAlias = "Sequence[tuple[str, TextArray]]"  # columns with their names


@dataclass(frozen=True, slots=True)
class FoundStyle:
    """How the numbers of a table are written."""

    style: NumberStyle
    notes: tuple[str, ...] = ()  # for the user


def find_number_style(columns: Sequence[Column], axis: TimeAxis | None, options: TableOptions) -> FoundStyle:
    """How numbers are written, as the user says and else as detected in columns of text; notes report what is unusual.

    Time columns and columns that are not filled are ignored. Raises an `InputError` if all commas may separate
    thousands or be decimal marks.
    """
    usable = [
        column
        for position, column in enumerate(columns)
        if column.kind == "text" and _is_used(column.name, options) and not (axis and position in axis.columns)
    ]
    unusual = [column for column in usable if column.numbers is None or column.numbers.bad.any()]
    if not unusual:  # nothing but plain numbers
        given = NumberStyle(options.decimal or ".", options.thousands or "", options.flags or "")
        return FoundStyle(given)
    every, texts = _texts_of(usable), _texts_of(unusual)
    found = _find_decimal(texts, every, options)
    style, notes = found.style, list(found.notes)
    if options.thousands is None and not style.thousands:
        style = replace(style, thousands=_other_thousands(texts, every, style))
    if style.thousands and options.thousands is None:
        notes.append(f"{quoted(style.thousands)} is read as a separator of thousands; --thousands says it.")
    if options.flags is None:
        flags, flag_notes = _find_flags(texts, style)
        style, notes = replace(style, flags=flags), [*notes, *flag_notes]
    return FoundStyle(style, tuple(notes))


def _is_used(name: str, options: TableOptions) -> bool:
    return name in options.columns if options.columns is not None else name not in options.leave


def _texts_of(columns: Sequence[Column]) -> NamedTexts:
    """The names and texts of columns."""
    return [(column.name, column.texts) for column in columns if column.texts is not None]


def _find_decimal(texts: NamedTexts, every: NamedTexts, options: TableOptions) -> FoundStyle:
    """The decimal mark, with a separator of thousands that shows it; `every` are also the columns of plain numbers."""
    given = NumberStyle(thousands=options.thousands or "", flags=options.flags or "")
    if options.decimal is not None:
        return FoundStyle(replace(given, decimal=options.decimal))
    for separator, (pattern, decimal) in _THOUSANDS.items():
        if options.thousands in (None, separator) and any(_first_match(cells, pattern) for _, cells in texts):
            return FoundStyle(replace(given, decimal=decimal, thousands=separator))
    for name, cells in texts:
        example = _first_match(cells, _CLEAR_COMMA) or _first_match(cells, _SPACED_COMMA)
        if options.thousands != "," and example:
            note = f"Numbers are read with a decimal comma (column {quoted(name)}: {quoted(example)})."
            return FoundStyle(replace(given, decimal=","), (note,))
    for name, cells in texts if options.thousands is None else ():
        if example := _first_match(cells, _AMBIGUOUS_COMMA):
            if any(_first_match(others, _POINT) for _, others in every):  # the point is the decimal mark
                return FoundStyle(replace(given, thousands=","))
            raise InputError(
                f"Column {quoted(name)} holds {quoted(example)}, whose comma may be a decimal mark or separate "
                "thousands. If it is "
                "a decimal mark, give `--decimal ,`; if it separates thousands, give `--thousands ,`."
            )
    return FoundStyle(given)


def _other_thousands(texts: NamedTexts, every: NamedTexts, style: NumberStyle) -> str:
    """A separator of thousands that does not show the decimal mark: a space or apostrophe, or a point beside commas."""
    for _, cells in texts:
        if example := _first_match(cells, _SPACED):
            return next(letter for letter in example.strip().lstrip("+-") if not letter.isdigit())
    if style.decimal == "," and any(_first_match(cells, _POINTED_THOUSANDS) for _, cells in every):
        return "."
    return ""


def _find_flags(texts: NamedTexts, style: NumberStyle) -> tuple[str, tuple[str, ...]]:
    """Signs that stand beside numbers, in columns that mostly hold numbers, and a note about them."""
    import pyarrow.compute as pc

    examples: dict[str, str] = {}
    for _, cells in texts:
        numbers = parse_numbers(cells, style)
        bad = cells.filter(mask_array(numbers.bad))
        flagged = [match and match["flags"] for match in pc.extract_regex(bad, _FLAGGED).to_pylist()]
        if 2 * (numbers.n_numbers + sum(map(bool, flagged))) < numbers.n_numbers + len(bad):
            continue  # mostly words
        for flags, text in zip(flagged, bad.to_pylist(), strict=True):
            examples |= {flag: text for flag in flags or "" if flag not in examples}
    if not examples:
        return "", ()
    shown = listed(text.strip() for text in examples.values())
    return "".join(examples), (f"Signs beside numbers are kept and not read ({shown}).",)


def _first_match(texts: TextArray, pattern: str) -> str | None:
    """The first text that matches the pattern; None if no text does."""
    import pyarrow.compute as pc

    matches = pc.filter(texts, pc.match_substring_regex(texts, pattern))  # without the nulls
    return str(matches[0].as_py()) if len(matches) else None
