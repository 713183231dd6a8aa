"""Reads texts as numbers, and replaces markers of missing cells by NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.tables.backends.arrow import text_array, text_scalar, to_floats, to_mask
from latentfill.tables.backends.native import TextArray

MARKERS = (  # common; any case
    *("", "na", "n/a", "n.a.", "<na>", "nan", "-nan", "null", "none", "nil", "nat", "missing"),
    *("-", "--", "---", "----", "?", "..", "...", "1.#qnan", "-1.#ind", "1.#ind", "-1.#qnan"),
    *("#n/a", "#n/a n/a", "#na", "#value!", "#div/0!", "#ref!", "#num!", "#null!", "#name?"),
)

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INFINITE = r"^[+-]?inf(inity)?$"


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are written as text."""

    decimal: str = "."
    thousands: str = ""  # "" if thousands are not separated
    flags: str = ""  # characters that may stand beside a number, such as `*`, and are not read


PLAIN = NumberStyle()


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column read as numbers."""

    values: FloatArray  # (rows,) NaN where missing or bad
    bad: BoolArray  # (rows,) True where a text is neither a number nor a marker of a missing value
    markers: frozenset[str] = frozenset()  # the user's markers that occur in the column
    words: frozenset[str] = frozenset()  # words that were read as missing values

    def take(self, rows: IntArray) -> Numbers:
        """The numbers of only these rows, in this order."""
        return replace(self, values=self.values[rows], bad=self.bad[rows])

    @property
    def n_numbers(self) -> int:
        """Number of cells that hold a number."""
        return int(np.count_nonzero(~np.isnan(self.values)))


def parse_numbers(texts: TextArray, style: NumberStyle = PLAIN) -> Numbers:
    """The texts as numbers written in this style; NaN for empty texts and common markers such as `NA`."""
    import pyarrow.compute as pc

    trimmed = pc.fill_null(pc.utf8_trim_whitespace(texts), text_scalar(""))
    if style.flags:
        trimmed = without_flags(trimmed, style.flags)
    joined = _without_thousands(trimmed, style) if style.thousands else trimmed
    pointed = joined if style.decimal == "." else _comma_to_point(joined)
    return _parse_plain(pointed) or _parse_any(trimmed, pointed)


def without_flags(texts: TextArray, flags: str) -> TextArray:
    """Texts without these characters beside a number; other texts as they are."""
    import pyarrow.compute as pc

    some = "[" + "".join(rf"\x{{{ord(flag):x}}}" for flag in flags) + r"\s]*"
    bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, rf"^{some}|{some}$", ""))
    return pc.if_else(pc.match_substring_regex(bare, r"\d"), bare, texts)


def _without_thousands(texts: TextArray, style: NumberStyle) -> TextArray:
    """Texts without separators of thousands, where these stand before each group of three digits."""
    import pyarrow.compute as pc

    mark, decimal = rf"\x{{{ord(style.thousands):x}}}", rf"\x{{{ord(style.decimal):x}}}"
    grouped = pc.match_substring_regex(texts, rf"^[+-]?\d{{1,3}}({mark}\d{{3}})+({decimal}\d*)?$")
    return pc.if_else(grouped, pc.replace_substring(texts, style.thousands, ""), texts)


def _parse_plain(pointed: TextArray) -> Numbers | None:
    """The texts as numbers if they are nothing but numbers and empty texts, which is faster to read; else None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_empty = pc.equal(pointed, text_scalar(""))
    try:
        values = to_floats(pc.if_else(is_empty, text_scalar(None), pointed))
    except pa.ArrowInvalid:
        return None
    has_markers = not np.array_equal(np.isnan(values), to_mask(is_empty))  # such as `nan`
    return None if has_markers else Numbers(values, np.zeros(len(values), dtype=bool))


def _parse_any(trimmed: TextArray, pointed: TextArray) -> Numbers:
    """The texts as numbers; `pointed` are the `trimmed` texts with decimal points."""
    import pyarrow.compute as pc

    is_number = pc.or_(
        pc.match_substring_regex(pointed, _NUMBER),
        pc.match_substring_regex(pointed, _INFINITE, ignore_case=True),
    )
    numbers = pc.if_else(is_number, pointed, text_scalar(None))
    is_marker = pc.is_in(pc.utf8_lower(trimmed), value_set=text_array(MARKERS))
    return Numbers(to_floats(numbers), ~to_mask(pc.or_(is_number, is_marker)))


def without_markers(
    numbers: Numbers, texts: TextArray | None, missing: Sequence[str], *, single: bool = False
) -> Numbers:
    """The numbers, with NaN in cells that equal a marker in `missing`, as numbers or as texts (in any case).

    `texts` are the cells that the numbers were read from, None if they are not text. `single`: the cells are float32,
    so markers are rounded to that type before they are compared.
    """
    cells = {marker: _marker_cells(numbers.values, texts, marker, single=single) for marker in missing}
    is_missing = np.logical_or.reduce(list(cells.values()))
    occurring = frozenset(marker for marker, is_marker in cells.items() if is_marker.any())
    return Numbers(np.where(is_missing, np.nan, numbers.values), numbers.bad & ~is_missing, occurring)


def _marker_cells(values: FloatArray, texts: TextArray | None, marker: str, *, single: bool) -> BoolArray:
    """True for each cell that equals one marker, shape (rows,)."""
    import pyarrow.compute as pc

    is_marker = np.zeros(len(values), dtype=bool)
    if texts is not None:
        lowered = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
        is_marker |= to_mask(pc.equal(lowered, text_scalar(marker.strip().lower())))
    try:
        number = float(marker.strip().replace(",", "."))
    except ValueError:
        return is_marker
    return np.asarray(is_marker | (values == (float(np.float32(number)) if single else number)))


def _comma_to_point(texts: TextArray) -> TextArray:
    """Texts with decimal points instead of commas; texts that had a point before become invalid as numbers."""
    import pyarrow.compute as pc

    return pc.replace_substring(pc.replace_substring(texts, ".", "'"), ",", ".")
