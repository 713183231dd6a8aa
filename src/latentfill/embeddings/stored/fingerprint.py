"""A fingerprint of a table: the smallest hashes of short runs of its values, which show if two tables share cells.

Bottom-k sampling (Broder, "On the resemblance and containment of documents", 1997): a table that contains a share of
the rows or columns of another table has about this share of the other table's hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import FloatArray

RUN = 8  # consecutive values of a column in one hash
BENDS = 3  # nonzero second differences, at least, in a run: constant runs and counters identify no table
KEPT = 512  # hashes in a fingerprint
LEAST_COMMON, LEAST_SHARE = 3, 0.01  # common hashes, and their share of the fingerprint; fewer may be chance
MIX = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)


def fingerprint(values: FloatArray) -> list[int]:
    """The fingerprint of a table (T, C): at most `KEPT` numbers."""
    return [int(number) for number in np.unique(_hashes(values))[:KEPT]]


def shares_cells(known: Sequence[int], values: FloatArray) -> bool:
    """Whether a table (T, C) shares runs of values with the table that has the fingerprint `known`."""
    n_common = int(np.isin(np.array(known, np.uint64), _hashes(values)).sum())
    return n_common >= max(LEAST_COMMON, LEAST_SHARE * len(known))


def _hashes(values: FloatArray) -> NDArray[np.uint64]:
    """A hash for each run of observed values in each column; the names and order of columns do not matter."""
    n = len(values) - RUN + 1
    if n < 1:
        return np.empty(0, np.uint64)
    bits = np.ascontiguousarray(values + 0.0).view(np.uint64)  # -0.0 is 0.0
    steps = [bits[i : n + i] for i in range(RUN)]
    is_whole = np.logical_and.reduce([~np.isnan(values[i : n + i]) for i in range(RUN)])
    bent = np.diff(values, 2, axis=0) != 0
    bends = np.add.reduce([bent[i : n + i].astype(np.int8) for i in range(RUN - 2)])
    mixed = np.zeros_like(steps[0])
    for step in steps:
        mixed = (mixed ^ step) * MIX
        mixed ^= mixed >> SHIFT
    hashes: NDArray[np.uint64] = mixed[is_whole & (bends >= BENDS)]
    return hashes
