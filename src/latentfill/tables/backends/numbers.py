"""Texts read as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.tables.backends.native import TextArray

MARKERS = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", "missing")  # in any case

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INFINITE = r"^[+-]?inf(inity)?$"


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column read as numbers."""

    values: FloatArray  # (rows,) NaN where missing or bad
    bad: BoolArray  # (rows,) True where the text is neither a number nor a marker for a missing value
    markers: frozenset[str] = frozenset()  # the markers declared by the user that occur in the column

    @property
    def n_numbers(self) -> int:
        """How many cells hold a number."""
        return int(np.count_nonzero(~np.isnan(self.values)))


def parse_numbers(texts: TextArray, decimal: str = ".") -> Numbers:
    """The numbers that the texts spell with this decimal mark; empty texts and usual markers such as `NA` are NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.fill_null(pc.utf8_trim_whitespace(texts), "")
    pointed = trimmed if decimal == "." else _comma_to_point(trimmed)
    is_number = pc.or_(
        pc.match_substring_regex(pointed, _NUMBER),
        pc.match_substring_regex(pointed, _INFINITE, ignore_case=True),
    )
    numbers = pc.cast(pc.if_else(is_number, pointed, pa.scalar(None, pa.string())), pa.float64())
    is_marker = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(MARKERS))
    is_bad = ~np.asarray(is_number, dtype=bool) & ~np.asarray(is_marker, dtype=bool)
    return Numbers(np.asarray(numbers, dtype=float), is_bad)


def _comma_to_point(texts: TextArray) -> TextArray:
    """Texts with decimal points for decimal commas; a text that had a point before is no number afterwards."""
    import pyarrow.compute as pc

    return pc.replace_substring(pc.replace_substring(texts, ".", "'"), ",", ".")
