"""Detects numbers that look like markers of missing cells, such as -200, which the user has not declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from latentfill.core.messages import SHOWN
from latentfill.core.series import FloatArray


def suspicion_notes(columns: Mapping[str, FloatArray]) -> Iterator[str]:
    """One note for each number that looks like a marker; `columns` have NaN in missing cells."""
    observed = {name: values[~np.isnan(values)] for name, values in columns.items()}
    markers = frozenset(value for values in observed.values() for value, _ in suspected_markers(values))
    counts: dict[float, dict[str, int]] = {}
    for name, values in observed.items():
        for value, count in suspected_markers(values, markers):  # a marker of one column counts in others more easily
            counts.setdefault(value, {})[name] = count
    for value, by_column in counts.items():
        listed = ", ".join(f"{name!r} {count} times" for name, count in list(by_column.items())[:SHOWN])
        more = f" and {len(by_column) - SHOWN} more columns" if len(by_column) > SHOWN else ""
        yield (
            f"{value:g} may stand for missing values in {listed}{more}, because it is far from all other values. "
            f"If it does, give `--missing={value:g}`."
        )


def suspected_markers(values: FloatArray, known: frozenset[float] = frozenset()) -> Iterator[tuple[float, int]]:
    """The smallest and the largest value with their counts, each if it is repeated and far from all other values.

    `values` are the observed cells of one column; `known` are markers found in any column.
    """
    if len(values) < 10:  # too few values to judge
        return
    for value in dict.fromkeys((float(values.min()), float(values.max()))):
        count = int(np.count_nonzero(values == value))
        rest = values[values != value]
        if value not in known and count < max(3, len(values) / 1000):
            continue
        if len(np.unique(rest[:10_000])) < 3 or not _is_plausible_share(value, count / len(values)):
            continue
        is_known_code = value in known and value != 0 and _is_code(value)
        is_outlier = (value in known or _is_code(value)) and _outnumbers_outliers(value, count, rest)
        if is_known_code or is_outlier or _lies_apart(value, rest):
            yield value, count


def _is_code(value: float) -> bool:
    """Whether loggers often write this value for missing: 0, 99, 999 ..., -99 ..., or a negative hundred like -200."""
    digits = f"{abs(value):g}"
    return value == 0 or (len(digits) > 1 and set(digits) == {"9"}) or (value < 0 and value % 100 == 0)


def _is_plausible_share(value: float, share: float) -> bool:
    """Whether a marker may fill this share of the cells: at most 20 % for 0, all for a code, half for other values."""
    return share <= (0.2 if value == 0 else 1.0 if _is_code(value) else 0.5)


def _lies_apart(value: float, rest: FloatArray) -> bool:
    """Whether the distance to the nearest other value is larger than the range of the rest.

    Half of the range is enough if the distance is also larger than 10 interquartile ranges.
    """
    gap = float(np.abs(rest - value).min())
    spread = float(rest.max() - rest.min())
    low, high = np.quantile(rest, (0.25, 0.75))
    return gap > spread or (gap > spread / 2 and gap > 10 * (high - low) > 0)


def _outnumbers_outliers(value: float, count: int, rest: FloatArray) -> bool:
    """Whether a value is an outlier, and more frequent than all other outliers on its side of the range together.

    An outlier is more than 1.5 interquartile ranges outside the quartiles.
    """
    low, high = np.quantile(rest, (0.25, 0.75))
    margin = 1.5 * (high - low)
    beyond = rest < low - margin if value < low - margin else rest > high + margin
    is_beyond = value < low - margin or value > high + margin
    return bool(is_beyond and count > np.count_nonzero(beyond))
