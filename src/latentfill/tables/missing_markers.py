"""Values of a table that look like markers for missing cells nobody has declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from latentfill.core.messages import SHOWN
from latentfill.core.series import FloatArray


def suspicions(columns: Mapping[str, FloatArray]) -> Iterator[str]:
    """Notes on values that look like markers, one note per value; `columns` hold NaN where a cell is missing."""
    values = {name: each[~np.isnan(each)] for name, each in columns.items()}
    first = {value for each in values.values() for value, _ in suspected_markers(each)}
    found: dict[float, dict[str, int]] = {}
    for name, each in values.items():
        for value, count in suspected_markers(each, frozenset(first)):  # what one column shows, others confirm
            found.setdefault(value, {})[name] = count
    for value, counts in found.items():
        listed = ", ".join(f"{name!r} {count} times" for name, count in list(counts.items())[:SHOWN])
        more = f" and {len(counts) - SHOWN} more columns" if len(counts) > SHOWN else ""
        yield (
            f"{value:g} may stand for missing values in {listed}{more}: it lies far from the rest; "
            f"if so, give `--missing={value:g}`."
        )


def suspected_markers(values: FloatArray, known: frozenset[float] = frozenset()) -> Iterator[tuple[float, int]]:
    """Repeated values at the end of the range that lie far off all others, with how often they occur.

    `values` are the observed cells of one column; `known` are markers that other columns have shown.
    """
    if len(values) < 10:  # too few to say what is usual
        return
    for value in dict.fromkeys((float(values.min()), float(values.max()))):
        count = int(np.count_nonzero(values == value))
        rest = values[values != value]
        if value not in known and count < max(3, len(values) / 1000):
            continue
        if len(np.unique(rest[:10_000])) < 3 or not _may_be_marker(value, count / len(values)):
            continue
        sure = value in known and value != 0 and _is_code(value)
        odd = (value in known or _is_code(value)) and _is_odd_one_out(value, count, rest)
        if sure or odd or _lies_apart(value, rest):
            yield value, count


def _is_code(value: float) -> bool:
    """Values that loggers write for missing: 0, 99, 999 ..., -99 ..., and negative hundreds such as -200."""
    digits = f"{abs(value):g}"
    return value == 0 or (len(digits) > 1 and set(digits) == {"9"}) or (value < 0 and value % 100 == 0)


def _may_be_marker(value: float, share: float) -> bool:
    """A machine that is off shows 0 for a good part of the time; a true code may fill nearly all cells."""
    return share <= (0.2 if value == 0 else 1.0 if _is_code(value) else 0.5)


def _lies_apart(value: float, rest: FloatArray) -> bool:
    """Whether the nearest other value is farther away than the whole range of the rest, or nearly so."""
    gap = float(np.abs(rest - value).min())
    spread = float(rest.max() - rest.min())
    low, high = np.quantile(rest, (0.25, 0.75))
    return gap > spread or (gap > spread / 2 and gap > 10 * (high - low) > 0)


def _is_odd_one_out(value: float, count: int, rest: FloatArray) -> bool:
    """Whether a value lies beyond the usual range and outnumbers all others there; a long tail does not."""
    low, high = np.quantile(rest, (0.25, 0.75))
    margin = 1.5 * (high - low)
    beyond = rest < low - margin if value < low - margin else rest > high + margin
    is_beyond = value < low - margin or value > high + margin
    return bool(is_beyond and count > np.count_nonzero(beyond))
