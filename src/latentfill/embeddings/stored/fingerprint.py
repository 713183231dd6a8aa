"""A few numbers that tell whether two tables share cells: the smallest hashes of short runs of values.

Bottom-k sampling (Broder, "On the resemblance and containment of documents", 1997): of a table with a share of the rows
or columns of another, about that share of the other's numbers is found again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import FloatArray

RUN = 8  # values that follow each other in a column
BENDS = 3  # values of a run at least that are off the line of the two before: flat runs and clocks tell nothing
KEPT = 512
FEW, SHARE = 3, 0.01  # found again at least, and of all: fewer may be chance
MIX = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)


def sketch(values: FloatArray) -> list[int]:
    """At most `KEPT` numbers for a table (T, C)."""
    return [int(one) for one in np.unique(_runs(values))[:KEPT]]


def shares_cells(known: Sequence[int], values: FloatArray) -> bool:
    """Whether a table (T, C) has runs of values in common with the one that `known` is the sketch of."""
    found = int(np.isin(np.array(known, np.uint64), _runs(values)).sum())
    return found >= max(FEW, SHARE * len(known))


def _runs(values: FloatArray) -> NDArray[np.uint64]:
    """A hash for each run of observed values in each column, whatever the column's name and place."""
    n = len(values) - RUN + 1
    if n < 1:
        return np.empty(0, np.uint64)
    bits = np.ascontiguousarray(values + 0.0).view(np.uint64)  # -0.0 is 0.0
    steps = [bits[i : n + i] for i in range(RUN)]
    whole = np.logical_and.reduce([~np.isnan(values[i : n + i]) for i in range(RUN)])
    bent = np.diff(values, 2, axis=0) != 0
    bends = np.add.reduce([bent[i : n + i].astype(np.int8) for i in range(RUN - 2)])
    found = np.zeros_like(steps[0])
    for step in steps:
        found = (found ^ step) * MIX
        found ^= found >> SHIFT
    hashes: NDArray[np.uint64] = found[whole & (bends >= BENDS)]
    return hashes
