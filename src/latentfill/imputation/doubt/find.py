"""Doubt in every reading of a series: the probability that it is wrong, and the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.imputation.doubt.contradicted import find_contradicted
from latentfill.imputation.doubt.gross import find_gross
from latentfill.imputation.doubt.neighbours import is_judged
from latentfill.imputation.doubt.shifts import find_shifts
from latentfill.imputation.doubt.spikes import find_spikes
from latentfill.imputation.doubt.stuck import find_stuck
from latentfill.kinds.find import start_of_circle
from latentfill.windows.cycles import cycle_steps

FEWEST_READINGS = 200  # of a column in which more than impossible values are looked for
FEWEST_VALUES = 20  # different ones
LEAST = 0.01  # smallest probability that is kept
WRONG = 0.8  # from this probability on, nothing is learnt from a reading


class Reason(IntEnum):
    """Why a reading is doubtful."""

    NONE = 0
    IMPOSSIBLE = 1
    SPIKE = 2
    STUCK = 3
    SHIFT = 4
    CONTRADICTED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """The doubt in the readings of a series."""

    probability: FloatArray  # (T, C) that a reading is wrong; 0 where none is doubtful or missing
    reason: IntArray  # (T, C) see `Reason`

    @property
    def wrong(self) -> BoolArray:
        """Readings (T, C) from which nothing is learnt."""
        return np.asarray(self.probability >= WRONG)

    def in_columns(self, order: Sequence[int]) -> Doubt:
        """The doubt in the columns at the indices `order`."""
        return Doubt(self.probability[:, order], self.reason[:, order])


def find_doubt(series: Series) -> Doubt:
    """The doubt in the readings of a series.

    Columns of labels, directions, and columns with few readings or few different ones are searched for impossible
    values only.
    """
    values = np.where([name in series.labels for name in series.columns], np.nan, series.values)
    gross = find_gross(values)
    left = np.where(gross > WRONG, np.nan, values)
    judged = is_judged(left, FEWEST_READINGS, FEWEST_VALUES)
    judged &= [not j or start_of_circle(n, c) is None for j, n, c in zip(judged, series.columns, left.T, strict=True)]
    found = {Reason.IMPOSSIBLE: gross}
    if judged.any():
        finders: dict[Reason, Callable[[FloatArray], FloatArray]] = {
            Reason.SPIKE: find_spikes,
            Reason.STUCK: find_stuck,
            Reason.SHIFT: partial(find_shifts, cycle=cycle_steps(series)),
            Reason.CONTRADICTED: find_contradicted,
        }
        for reason, find in finders.items():
            probability = np.zeros(values.shape)
            probability[:, judged] = find(left[:, judged])
            found[reason] = probability
            left = np.where(probability >= WRONG, np.nan, left)
    by_reason = np.stack(list(found.values()))
    probability = by_reason.max(axis=0)
    reasons = np.array(list(found), dtype=np.int64)[by_reason.argmax(axis=0)]
    is_doubtful = probability >= LEAST
    return Doubt(np.where(is_doubtful, probability, 0.0), np.where(is_doubtful, reasons, int(Reason.NONE)))
