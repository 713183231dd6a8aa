"""Formats numbers as text with the decimals of their column."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.tables.backends.arrow import mask_array, to_integers
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.numbers import PLAIN, NumberStyle, without_flags

SIGNIFICANT = 6  # digits of a filled cell, counted from the first digit of the spread of its column

_LONGEST = 40  # characters; longer numbers are written with a power of ten
_NEARLY_ALL = 0.99  # quantile of the decimals of cells: a single 3.2051 among whole numbers does not count
_NO_LIMIT = 400  # more decimals than any float64 has


def format_numbers(values: FloatArray, decimals: int, style: NumberStyle = PLAIN) -> list[str]:
    """Numbers as text with this many decimals, or with a power of ten if that would be too long; never `-0`."""
    form = f",.{decimals}f" if style.thousands else f".{decimals}f"
    zero = f"{-0.0:.{decimals}f}"
    texts = [f"{value:{form}}" for value in values.tolist()]
    texts = [text[1:] if text == zero else text for text in texts]
    texts = [text if len(text) <= _LONGEST else repr(value) for text, value in zip(texts, values.tolist(), strict=True)]
    marks = str.maketrans({".": style.decimal, ",": style.thousands})
    return texts if style == PLAIN else [text.translate(marks) for text in texts]


def decimals_for(texts: TextArray, values: FloatArray, style: NumberStyle = PLAIN) -> int:
    """Decimals of new cells in a column: as many as its texts have, but at most `SIGNIFICANT` digits of its spread.

    `texts` is the whole column, `values` its numbers with NaN where missing.
    """
    observed = ~np.isnan(values)
    numbers = values[observed]
    if not len(numbers):
        return SIGNIFICANT - 1
    spread = float(numbers.max() - numbers.min()) or abs(float(numbers[0])) or 1.0
    meaningful = max(0, SIGNIFICANT - 1 - math.floor(math.log10(spread)))
    return min(_decimals_in(texts, observed, style), meaningful)


def _decimals_in(texts: TextArray, observed: BoolArray, style: NumberStyle) -> int:
    """Number of decimals that the observed texts of a column have."""
    import pyarrow.compute as pc

    observed_texts = pc.filter(pc.utf8_trim_whitespace(texts), mask_array(observed))
    if style.flags:
        observed_texts = without_flags(observed_texts, style.flags)
    if any(pc.any(pc.match_substring(observed_texts, mark)).as_py() for mark in "eE"):
        return _NO_LIMIT  # texts with powers of ten have no clear number of decimals: only the spread counts
    place = to_integers(pc.find_substring(observed_texts, style.decimal), null=0)  # -1 without a decimal mark
    lengths = np.where(place < 0, 0, to_integers(pc.utf8_length(observed_texts), null=0) - place - 1)
    return int(np.quantile(lengths, _NEARLY_ALL, method="inverted_cdf"))


def own_style(texts: TextArray, style: NumberStyle) -> NumberStyle:
    """The style of a table in one column: thousands are separated only if they are in some cell."""
    import pyarrow.compute as pc

    separated = style.thousands and pc.any(pc.match_substring(texts, style.thousands)).as_py()
    return style if separated or not style.thousands else replace(style, thousands="")


def whole_number_suffix(texts: TextArray | None) -> str:
    """Text after the digits of whole numbers in a column: `.0` if its first cell has it, else ""."""
    first = "" if texts is None else str(texts[0].as_py()).strip()
    decimals = first.partition(".")[2]
    return "." + decimals if "." in first and not decimals.strip("0") else ""
