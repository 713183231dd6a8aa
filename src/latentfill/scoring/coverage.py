"""Whether intervals hold the truth as often as they should, given how many gaps that was measured on."""

from __future__ import annotations

import math
from dataclasses import dataclass

LIKELY = 1.960  # normal quantile of a 95 % interval, which figures show
CLEAR = 2.576  # of a 99 % interval: of a hundred groups whose intervals are right, about one is called off
# A share of misses this many times larger or smaller than it should be matters; a smaller difference is not called off,
# however many gaps show it.
MATTERS = 1.5


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of the intervals of a group of hidden cells."""

    measured: float  # share of the cells inside their interval
    nominal: float  # share that should be
    gaps: int  # number of gaps; cells of one gap are covered together, so each gap counts once

    @property
    def likely(self) -> tuple[float, float]:
        """The 95 % confidence interval of the coverage."""
        return self._between(LIKELY)

    @property
    def fault(self) -> str:
        """`too low` or `too high` if the coverage is clearly off, else empty."""
        low, high = self._between(CLEAR)
        misses = (1 - self.measured) / (1 - self.nominal)
        if high < self.nominal and misses > MATTERS:
            return "too low"
        return "too high" if low > self.nominal and misses < 1 / MATTERS else ""

    def _between(self, z: float) -> tuple[float, float]:
        """The interval of Wilson (1927) for a share, with the normal quantile z."""
        n, p = self.gaps, self.measured
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return max(0.0, centre - half), min(1.0, centre + half)
