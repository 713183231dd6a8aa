"""Detects numbers that look like markers of missing cells, such as -200, which the user has not declared."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentfill.core.messages import SHOWN, counted, quoted
from latentfill.core.series import BoolArray, FloatArray
from latentfill.tables.options import AUTO

_LEAST_VALUES = 10  # fewer observed cells do not show what is usual in a column
_MOST_ROUNDS = 4  # markers at each end of a column
_FILL_VALUES = (  # of integer types, loggers, and file formats
    *(32767.0, -32767.0, -32768.0, 65535.0, 2147483647.0, -2147483648.0),
    *(6999.0, -6999.0, 7999.0, -7999.0, 1e20, -1e20, 1e30, -1e30, 1e36, 9.96921e36, -999.25, -9999.25),
)


class Marker(NamedTuple):
    """A value that looks like a marker in one column."""

    value: float
    n_cells: int  # that hold it
    is_far: bool  # whether it is far from all others; if not, it is an outlier of a kind that markers often are


@dataclass(frozen=True, slots=True, eq=False)
class Suspected:
    """Cells of the value columns that may hold markers of missing values."""

    far: BoolArray  # (rows, C) cells with values that are far from all others
    outlying: BoolArray  # (rows, C) cells with outliers such as 0, which may well be values
    counts: Mapping[Marker, Mapping[str, int]]  # for each marker: columns, each with the number of these cells

    def notes(self, *, accepted: bool) -> Iterator[str]:
        """What was found, and what the user can do; `accepted`: all these cells count as missing."""
        far = {marker: columns for marker, columns in self.counts.items() if marker.is_far}
        outlying = {marker: columns for marker, columns in self.counts.items() if not marker.is_far}
        if accepted and self.counts:
            yield f"These values are read as missing: {_listed(self.counts)}."
            return
        if far:
            yield (
                "These values may stand for missing values, because they are far from all others in their column: "
                f"{_listed(far)}. They are kept and not learnt from. Give `--missing auto` to fill them, or name those "
                f"that are missing, such as {_flag(far)}; give `--missing none` to learn from all."
            )
        if outlying:
            yield (
                f"These values may stand for missing values, because they are outliers: {_listed(outlying)}. They are "
                f"taken for values. If they are missing, give {_flag(outlying)}."
            )


def _listed(counts: Mapping[Marker, Mapping[str, int]]) -> str:
    """The markers with their columns."""
    return "; ".join(f"{marker.value:g} in {_columns(by_column)}" for marker, by_column in counts.items())


def _columns(by_column: Mapping[str, int]) -> str:
    """Names of columns with the number of cells."""
    shown = ", ".join(f"{quoted(name)} ({counted(count, 'cell')})" for name, count in list(by_column.items())[:SHOWN])
    return shown + (f" and {len(by_column) - SHOWN} more columns" if len(by_column) > SHOWN else "")


def _flag(counts: Mapping[Marker, Mapping[str, int]]) -> str:
    """The flag that names these markers, each in its columns."""
    named = [(name, marker.value) for marker, by_column in counts.items() for name in by_column]
    items = ",".join(f"{name}={value:g}" for name, value in named if "," not in name) or AUTO  # commas separate items
    return f"`--missing {shlex.quote(items)}`"


def find_suspected(names: Sequence[str], values: FloatArray) -> Suspected:
    """The suspected markers in value columns (rows, C), NaN in missing cells; each column is judged by itself.

    A value that is a marker in one column only needs to be an outlier in the others.
    """
    observed = [column[~np.isnan(column)] for column in values.T]
    alone = [list(suspected_markers(column)) for column in observed]
    known = frozenset(marker.value for markers in alone for marker in markers if marker.is_far)
    far, outlying = np.zeros(values.shape, dtype=bool), np.zeros(values.shape, dtype=bool)
    counts: dict[Marker, dict[str, int]] = {}
    for c, (name, column) in enumerate(zip(names, observed, strict=True)):
        for marker in suspected_markers(column, known) if known else alone[c]:
            counts.setdefault(marker._replace(n_cells=0), {})[name] = marker.n_cells
            cells = far if marker.is_far else outlying
            cells[:, c] |= values[:, c] == marker.value
    return Suspected(far, outlying, counts)


def suspected_markers(values: FloatArray, known: frozenset[float] = frozenset()) -> Iterator[Marker]:
    """Values at the ends of the range that look like markers.

    `values` are the observed cells of one column; `known` are values that are far from all others in some column.
    """
    if len(values) >= _LEAST_VALUES and (values == values[0]).all() and _is_code(float(values[0]), strict=True):
        yield Marker(float(values[0]), len(values), is_far=True)
        return
    rest = values
    for _ in range(_MOST_ROUNDS):
        found = next(_outer_markers(rest, known), None)
        if found is None:
            return
        yield found
        rest = rest[rest != found.value]


def _outer_markers(values: FloatArray, known: frozenset[float]) -> Iterator[Marker]:
    """The smallest and the largest value, each if it looks like a marker."""
    if len(values) < _LEAST_VALUES:
        return
    ends = dict.fromkeys((float(values.min()), float(values.max())))
    codes = [end for end in ends if _is_code(end, strict=True)]
    for value in ends:
        count = int(np.count_nonzero(values == value))
        rest = values[~np.isin(values, [value, *codes])]
        if len(np.unique(rest[:10_000])) < 3 or not _is_plausible_share(value, count / len(values)):
            continue
        is_repeated = value in known or count >= max(3, len(values) / 1000)
        is_outlier = (value in known or _is_code(value)) and _outnumbers_outliers(value, count, rest)
        is_far = is_repeated and _lies_apart(value, rest)
        is_far |= value in codes and (_gap(value, rest) > _spread(rest) or (is_repeated and is_outlier))
        is_far |= value in known and value != 0 and is_outlier
        if is_far or (is_repeated and is_outlier):
            yield Marker(value, count, is_far)


def _is_code(value: float, *, strict: bool = False) -> bool:
    """Whether loggers often write this value for missing: 99, 999.9 ..., -99, -888 ..., fill values of file formats.

    If not `strict`, also 0 and a negative hundred like -200.
    """
    digits = f"{abs(value):.12g}".replace(".", "")
    same = len(digits) > 1 and len(set(digits)) == 1
    if (same and digits[0] == "9") or (same and len(digits) > 2 and digits[0] in "78" and value < 0):
        return True
    if any(math.isclose(value, fill, rel_tol=1e-6) for fill in _FILL_VALUES):
        return True
    return not strict and (value == 0 or (value < 0 and value % 100 == 0))


def _is_plausible_share(value: float, share: float) -> bool:
    """Whether a marker may fill this share of the cells: at most 20 % for 0, all for a code, half for other values."""
    return share <= (0.2 if value == 0 else 1.0 if _is_code(value) else 0.5)


def _gap(value: float, rest: FloatArray) -> float:
    """Distance to the nearest other value."""
    return float(np.abs(rest - value).min())


def _spread(rest: FloatArray) -> float:
    return float(rest.max() - rest.min())


def _lies_apart(value: float, rest: FloatArray) -> bool:
    """Whether the distance to the nearest other value is larger than the range of the rest.

    Half of the range is enough if the distance is also larger than 10 interquartile ranges.
    """
    gap, spread = _gap(value, rest), _spread(rest)
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
