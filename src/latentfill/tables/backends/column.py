"""One column of a table, its cells read as numbers, and numbers written like its cells."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import BoolArray, FloatArray, TimeArray

MARKERS = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", "missing")
SIGNIFICANT = 6  # digits written of a fill, relative to the spread of its column

_LONGEST = 40  # characters of a number in full
_NEARLY_ALL = 0.99  # share of cells whose decimals count: a stray 3.2051 in a column of whole numbers does not
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INFINITE = r"^[+-]?inf(inity)?$"
_CLEAR_COMMA = r"^\s*[+-]?(\d*,\d{1,2}|\d*,\d{4,}|0+,\d+|\d{4,},\d+)([eE][+-]?\d+)?\s*$"
_UNCLEAR_COMMA = r"^\s*[+-]?\d{1,3}(,\d{3})+\s*$"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column as it was read; which array is set depends on its kind."""

    name: str
    kind: Literal["text", "number", "time", "category", "other"]
    texts: Any = None  # pyarrow text, null where a frame holds nothing: text and category
    numbers: FloatArray | None = None  # NaN where a frame holds nothing: number
    times: TimeArray | None = None  # UTC, NaT where a frame holds nothing: time
    single: bool = False  # numbers were stored as float32


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column read as numbers, each array (rows,)."""

    values: FloatArray  # NaN where missing or bad
    bad: BoolArray  # neither a number nor a marker for a missing value

    @property
    def n_numbers(self) -> int:
        return int(np.count_nonzero(~np.isnan(self.values)))


def refuse_repeated(names: Iterable[str]) -> None:
    """Columns of one name cannot be told apart."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(
            f"Several columns have the same name: {', '.join(map(repr, repeated))}. Rename them in the table."
        )


# --- cells to numbers ---------------------------------------------------------------------------------------


def read_numbers(column: Column, missing: Sequence[str] = (), decimal: str = ".") -> Numbers | None:
    """The column as numbers, NaN for every missing marker; None for columns that hold no numbers by type."""
    if column.kind == "number":
        assert column.numbers is not None
        values = np.where(_declared(column.numbers, missing, column.single), np.nan, column.numbers)
        return Numbers(values, np.zeros(len(values), dtype=bool))
    if column.kind == "text":
        return _parse_numbers(column.texts, missing, decimal)
    return None


def _parse_numbers(texts: Any, missing: Sequence[str], decimal: str) -> Numbers:
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.fill_null(pc.utf8_trim_whitespace(texts), "")
    pointed = trimmed if decimal == "." else _comma_to_point(trimmed)
    is_number = pc.or_(
        pc.match_substring_regex(pointed, _NUMBER),
        pc.match_substring_regex(pointed, _INFINITE, ignore_case=True),
    )
    numbers = pc.cast(pc.if_else(is_number, pointed, pa.scalar(None, pa.string())), pa.float64())
    values = np.asarray(numbers, dtype=float)
    declared = [*MARKERS, *(marker.strip().lower() for marker in missing)]
    is_marker = np.asarray(pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(declared)), dtype=bool)
    is_bad = ~np.asarray(is_number, dtype=bool) & ~is_marker
    return Numbers(np.where(is_marker | _declared(values, missing, single=False), np.nan, values), is_bad)


def _comma_to_point(texts: Any) -> Any:
    """Decimal commas as points; a point that was there before becomes a bad mark, not a decimal."""
    import pyarrow.compute as pc

    return pc.replace_substring(pc.replace_substring(texts, ".", "'"), ",", ".")


def _declared(values: FloatArray, missing: Sequence[str], single: bool) -> BoolArray:
    """Cells that equal one of the sentinels as numbers."""
    found = np.zeros(len(values), dtype=bool)
    for marker in missing:
        found |= equals_marker(values, marker, single)
    return found


def equals_marker(values: FloatArray, marker: str, single: bool) -> BoolArray:
    """Cells that equal a sentinel as a number; `single`: they were stored as float32."""
    try:
        number = float(marker.strip().replace(",", "."))
    except ValueError:
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values == (float(np.float32(number)) if single else number))


# --- the decimal mark ---------------------------------------------------------------------------------------


def find_decimal(columns: Sequence[Column]) -> tuple[str, tuple[str, ...]]:
    """The decimal mark of numbers written as text, and a note when it is the comma."""
    texts = [column for column in columns if column.kind == "text"]
    for column in texts:
        if found := _first_match(column, _CLEAR_COMMA):
            return ",", (f"Numbers are read with a decimal comma (column {column.name!r}: {found!r}).",)
    for column in texts:
        if found := _first_match(column, _UNCLEAR_COMMA):
            raise InputError(
                f"Column {column.name!r} holds {found!r}, with a decimal comma or a mark for thousands. "
                "Say `--decimal ,` for the first; remove the marks from the table for the second."
            )
    return ".", ()


def _first_match(column: Column, pattern: str) -> str | None:
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(column.texts, ",")).as_py():  # cheap, and nearly always the end of it
        return None
    found = pc.filter(column.texts, pc.fill_null(pc.match_substring_regex(column.texts, pattern), False))
    return str(found[0].as_py()) if len(found) else None


# --- numbers to cells ---------------------------------------------------------------------------------------


def format_numbers(values: FloatArray, decimals: int, decimal: str = ".") -> list[str]:
    """Numbers as text with so many decimals, never `-0`; with a power of ten where that would be too long to read."""
    zero = f"{-0.0:.{decimals}f}"
    texts = [f"{value:.{decimals}f}" for value in values.tolist()]
    texts = [text[1:] if text == zero else text for text in texts]
    texts = [text if len(text) <= _LONGEST else repr(value) for text, value in zip(texts, values.tolist(), strict=True)]
    return texts if decimal == "." else [text.replace(".", decimal) for text in texts]


def decimals_for(texts: Any, values: FloatArray, decimal: str = ".") -> int:
    """Decimals to write into a column: as many as it shows, but no more than its spread gives meaning to.

    `texts` is the whole column, `values` its numbers with NaN where missing.
    """
    seen = values[~np.isnan(values)]
    if not len(seen):
        return SIGNIFICANT - 1
    spread = float(seen.max() - seen.min()) or abs(float(seen[0])) or 1.0
    cap = max(0, SIGNIFICANT - 1 - math.floor(math.log10(spread)))
    return min(_decimals_shown(texts, ~np.isnan(values), decimal), cap)


def _decimals_shown(texts: Any, observed: BoolArray, decimal: str) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    shown = pc.filter(pc.utf8_trim_whitespace(texts), pa.array(observed))
    if pc.any(pc.match_substring_regex(shown, "[eE]")).as_py():
        return 400  # powers of ten hide the decimals: the spread alone decides
    fraction = pc.replace_substring_regex(shown, rf"^[^{decimal}]*[{decimal}]?", "")
    lengths = np.array(pc.utf8_length(fraction), dtype=np.int64)
    return int(np.quantile(lengths, _NEARLY_ALL, method="inverted_cdf"))
