"""Contradicted readings: usual ones of their column that related columns rule out at the same time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.doubt.neighbours import FARTHEST, in_local_spreads, relations, spread
from latentfill.imputation.doubt.ordered import find_out_of_order
from latentfill.imputation.doubt.spikes import are_peaks
from latentfill.imputation.doubt.tails import expected_of_all, probability_wrong
from latentfill.windows.gaps import nearest_observed

RELATED = 0.7  # least correlation of the distances from the line between neighbours
FEWEST_SISTERS, MOST_SISTERS = 2, 4  # with only one, it is unknown which of the two is wrong


def find_contradicted(values: FloatArray) -> FloatArray:
    """The probability (T, C) that a reading is wrong: it is apart from each of its sisters, or out of order."""
    sides = nearest_observed(values)
    distance = (values - sides.line) / np.sqrt(sides.back * sides.ahead)
    z = distance / spread(distance)
    probability = find_out_of_order(values, np.abs(z))
    apart = {c: _agreed(_apart(z[:, c], z[:, sisters])) for c, sisters in _sisters(z)}
    if not apart:
        return probability
    size = in_local_spreads(np.stack(list(apart.values()), axis=1))
    found = np.where(are_peaks(size), probability_wrong(expected_of_all(size)), 0.0)
    columns = list(apart)
    probability[:, columns] = np.maximum(probability[:, columns], found)
    return np.where(np.isnan(values), 0.0, probability)


def _sisters(z: FloatArray) -> Iterator[tuple[int, IntArray]]:
    """Columns with enough closely related ones, and these."""
    known = np.clip(np.nan_to_num(z), -FARTHEST, FARTHEST)
    for c, row in relations(known):
        closest = np.argsort(-row, kind="stable")[:MOST_SISTERS]
        sisters = closest[row[closest] >= RELATED]
        if len(sisters) >= FEWEST_SISTERS:
            yield c, sisters


def _apart(own: FloatArray, sisters: FloatArray) -> FloatArray:
    """The distances (T,) of a column without what each sister (T, S) explains of them, shape (T, S)."""
    known, others = (np.clip(np.nan_to_num(each), -FARTHEST, FARTHEST) for each in (own, sisters))
    slopes = known @ others / np.maximum((others**2).sum(axis=0), 1e-12)
    return np.asarray(own[:, None] - slopes * sisters)


def _agreed(apart: FloatArray) -> FloatArray:
    """The smallest of some distances (T, S); NaN where too few are known, 0 where they disagree on the direction."""
    known = ~np.isnan(apart)
    smallest = np.where(known, np.abs(apart) / spread(apart), np.inf).min(axis=1)
    n_known, upwards = known.sum(axis=1), (apart > 0).sum(axis=1)
    agree = (upwards == 0) | (upwards == n_known)
    return np.where(n_known >= FEWEST_SISTERS, np.where(agree, smallest, 0.0), np.nan)
