"""Stuck runs: the same reading again and again, for much longer than is usual in the column."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray

SHORTEST = 6  # readings of a stuck run
TIMES_LONGER = 4.0  # than the longest usual run
UNUSUAL_RUNS = 0.002  # share of the runs, at least `FEWEST_UNUSUAL`, that do not tell what is usual
FEWEST_UNUSUAL = 8
MOST_ALIKE = 3  # runs of the same value: where there are more, the column often rests there, as rain does at zero
ENDS = (0.02, 0.98)  # quantiles beyond which a column may rest: the limits of what a sensor can tell
CERTAINTY = 0.95


def find_stuck(values: FloatArray) -> FloatArray:
    """The probability (T, C) that a reading is only repeated; the first of a run is believed."""
    return np.stack([_find(column) for column in values.T], axis=1) if values.shape[1] else np.zeros(values.shape)


def _find(column: FloatArray) -> FloatArray:
    probability = np.zeros(len(column))
    known = np.flatnonzero(~np.isnan(column))
    readings = column[known]
    if not known.size:
        return probability
    edges = np.flatnonzero(np.diff(readings) != 0) + 1
    first, stop = np.concatenate([[0], edges]), np.concatenate([edges, [len(readings)]])
    length = stop - first
    unusual = max(FEWEST_UNUSUAL, int(UNUSUAL_RUNS * len(length)))
    if len(length) <= 2 * unusual:
        return probability
    lowest, highest = np.quantile(readings, ENDS)
    usual = np.sort(length)[-1 - unusual]
    for run in np.flatnonzero((length >= SHORTEST) & (length > TIMES_LONGER * usual)):
        value = readings[first[run]]
        alike = (readings[first] == value) & (length >= SHORTEST // 2)
        if alike.sum() <= MOST_ALIKE and lowest < value < highest:
            probability[known[first[run] + 1 : stop[run]]] = CERTAINTY
    return probability
