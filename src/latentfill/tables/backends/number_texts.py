"""Numbers written as text with the decimals of the column that they stand in."""

from __future__ import annotations

import math

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.tables.backends.native import TextArray

SIGNIFICANT = 6  # digits written of a filled cell, counted from the size of the spread of its column

_LONGEST = 40  # characters of a number in full
_NEARLY_ALL = 0.99  # share of cells whose decimals count: a stray 3.2051 in a column of whole numbers does not
_NO_LIMIT = 400  # more decimals than any float64 has


def format_numbers(values: FloatArray, decimals: int, decimal: str = ".") -> list[str]:
    """Numbers as text with so many decimals, never `-0`; with a power of ten where that would be too long to read."""
    zero = f"{-0.0:.{decimals}f}"
    texts = [f"{value:.{decimals}f}" for value in values.tolist()]
    texts = [text[1:] if text == zero else text for text in texts]
    texts = [text if len(text) <= _LONGEST else repr(value) for text, value in zip(texts, values.tolist(), strict=True)]
    return texts if decimal == "." else [text.replace(".", decimal) for text in texts]


def decimals_for(texts: TextArray, values: FloatArray, decimal: str = ".") -> int:
    """Decimals to write into a column: as many as it shows, but no more than its spread gives meaning to.

    `texts` is the whole column, `values` its numbers with NaN where missing.
    """
    observed = ~np.isnan(values)
    seen = values[observed]
    if not len(seen):
        return SIGNIFICANT - 1
    spread = float(seen.max() - seen.min()) or abs(float(seen[0])) or 1.0
    meaningful = max(0, SIGNIFICANT - 1 - math.floor(math.log10(spread)))
    return min(_decimals_shown(texts, observed, decimal), meaningful)


def _decimals_shown(texts: TextArray, observed: BoolArray, decimal: str) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    shown = pc.filter(pc.utf8_trim_whitespace(texts), pa.array(observed))
    if pc.any(pc.match_substring_regex(shown, "[eE]")).as_py():
        return _NO_LIMIT  # powers of ten hide the decimals: the spread alone decides
    fraction = pc.replace_substring_regex(shown, rf"^[^{decimal}]*[{decimal}]?", "")
    lengths = np.array(pc.utf8_length(fraction), dtype=np.int64)
    return int(np.quantile(lengths, _NEARLY_ALL, method="inverted_cdf"))


def whole_number_suffix(texts: TextArray | None) -> str:
    """What a column writes after whole numbers: `.0` if its first cell shows that, else nothing."""
    first = "" if texts is None else str(texts[0].as_py()).strip()
    return "." + first.partition(".")[2] if "." in first else ""
