"""Reads texts as numbers, and replaces markers of missing cells by NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.tables.backends.arrow import text_array, text_scalar, to_floats, to_mask
from latentfill.tables.backends.native import TextArray

MARKERS = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", "missing")  # common; any case

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INFINITE = r"^[+-]?inf(inity)?$"


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column read as numbers."""

    values: FloatArray  # (rows,) NaN where missing or bad
    bad: BoolArray  # (rows,) True where a text is neither a number nor a marker of a missing value
    markers: frozenset[str] = frozenset()  # the user's markers that occur in the column

    @property
    def n_numbers(self) -> int:
        """Number of cells that hold a number."""
        return int(np.count_nonzero(~np.isnan(self.values)))


def parse_numbers(texts: TextArray, decimal: str = ".") -> Numbers:
    """The texts as numbers with this decimal mark; NaN for empty texts and common markers such as `NA`."""
    import pyarrow.compute as pc

    trimmed = pc.fill_null(pc.utf8_trim_whitespace(texts), text_scalar(""))
    pointed = trimmed if decimal == "." else _comma_to_point(trimmed)
    return _parse_plain(pointed) or _parse_any(trimmed, pointed)


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
