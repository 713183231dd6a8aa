"""Impossible readings: a few that lie at another order of magnitude than all others."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray

FEWEST = 20  # readings
MOST_SHARE = 0.001  # of the readings, or one, on each side
TIMES_RANGE = 100.0  # distance from the nearest other reading, in ranges of the others
TIMES_VALUE = 1e6  # or, if all others are equal, in units of their size


def find_gross(values: FloatArray) -> FloatArray:
    """1 where a reading (T, C) is impossibly far from all others, else 0."""
    return np.stack([_find(column) for column in values.T], axis=1) if values.shape[1] else np.zeros(values.shape)


def _find(column: FloatArray) -> FloatArray:
    known = np.sort(column[~np.isnan(column)])
    if known.size < FEWEST:
        return np.zeros(len(column))
    most = max(1, int(MOST_SHARE * known.size))
    low, high = known[most], known[-1 - most]
    reach = TIMES_RANGE * (high - low) if high > low else TIMES_VALUE * max(abs(high), 1.0)
    return np.asarray((column > high + reach) | (column < low - reach), dtype=float)
