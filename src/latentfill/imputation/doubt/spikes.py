"""Spikes: single readings, or two or three in a row, far from those around them and unexplained by other columns."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.doubt.neighbours import are_explained, in_local_spreads, unexplained
from latentfill.imputation.doubt.tails import expected_of_all, probability_wrong
from latentfill.windows.gaps import nearest_observed

ROUNDS = 3  # a spike also bends the line of its neighbours, so that they are judged again without it
LONGEST = 3  # readings in a row
MOST_MOVED = 0.4  # of the height of a spike, by which the column may move meanwhile: events rise and fall in steps


def find_spikes(values: FloatArray) -> FloatArray:
    """The probability (T, C) that a reading is a spike; `values` (T, C) are NaN where missing."""
    probability = np.zeros(values.shape)
    left = values.copy()
    for _ in range(ROUNDS):
        sides = nearest_observed(left)
        off = left - sides.line
        distance = off / np.sqrt(sides.back * sides.ahead)  # a column leaves longer lines further
        z = in_local_spreads(distance)
        apart = unexplained(distance)
        found = probability_wrong(expected_of_all(z, in_local_spreads(apart)))
        goes_back = np.abs(sides.after - sides.before) <= MOST_MOVED * np.abs(off)
        found = np.where(are_peaks(np.abs(off)) & goes_back & ~are_explained(distance, apart), found, 0.0)
        probability = np.maximum(probability, found)
        if not (found > 0.5).any():
            break
        left = np.where(probability > 0.5, np.nan, left)
    return np.where(np.isnan(values), 0.0, probability)


def are_peaks(size: FloatArray) -> BoolArray:
    """True where a reading stands out more than both of its neighbours, whose lines it bends."""
    known = np.nan_to_num(size)
    padded = np.pad(known, ((1, 1), (0, 0)))
    return np.asarray((known >= padded[:-2]) & (known >= padded[2:]))
