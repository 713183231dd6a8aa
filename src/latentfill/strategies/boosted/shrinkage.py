"""How much of a correction is kept, by the size of the spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from latentfill.core.series import FloatArray, IntArray

BINS = 4  # of cells with spreads of similar size
DOUBT = 0.5  # standard errors by which the factor is lower than the best one
GROUPS = 24  # stretches of time whose gains are compared for the standard error


@dataclass(frozen=True, slots=True, eq=False)
class Shrinkage:
    """Factors from 0 to 1 on the correction of a cell, by its spread."""

    ends: FloatArray  # (BINS - 1,) spreads between the bins
    factors: FloatArray  # (BINS,)

    @classmethod
    def fit(cls, correction: FloatArray, error: FloatArray, spread: FloatArray, time: FloatArray) -> Self:
        """The factors that leave the least squared error, lowered by `DOUBT` standard errors; all arrays (M,)."""
        ends = np.quantile(spread, np.linspace(0, 1, BINS + 1)[1:-1])
        bins = np.searchsorted(ends, spread)
        groups = np.searchsorted(np.quantile(time, np.linspace(0, 1, GROUPS + 1)[1:-1]), time)
        parts = ((bins == b) for b in range(BINS))
        factors = [_factor(correction[part], error[part], groups[part]) for part in parts]
        return cls(ends, np.array(factors))

    def factor(self, spread: FloatArray) -> FloatArray:
        """The factor for each cell."""
        return self.factors[np.searchsorted(self.ends, spread)]


def _factor(correction: FloatArray, error: FloatArray, group: IntArray) -> float:
    square = (correction**2).sum()
    if square == 0.0:
        return 0.0
    gain = np.bincount(group, correction * error, minlength=GROUPS)
    doubt = np.sqrt(GROUPS * gain.var())
    return float(np.clip((gain.sum() - DOUBT * doubt) / square, 0.0, 1.0))
