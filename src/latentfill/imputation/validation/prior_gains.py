"""What blends gained over the plain candidate on other files: what is believed until a file's own gaps show more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.imputation.validation.cells import KINDS
from latentfill.imputation.validation.gains import SHARES

TINY = 1e-12  # squared gain: keeps weights finite


@dataclass(frozen=True, slots=True, eq=False)
class PriorGains:
    """The best share of the better candidate by kind of gap, what it gains, and how much columns differ.

    Gains are in units of the plain candidate's mean squared error per gap. That of a share follows a parabola, as the
    squared error of a blend does.
    """

    share: FloatArray  # (KINDS,)
    gain: FloatArray  # (KINDS,) with that share
    spread: float  # standard deviation between columns of the gain of going all the way

    def gains(self, kind: int) -> FloatArray:
        """The gain (S,) of each share in gaps of one kind."""
        share, gain = self.share[kind], self.gain[kind]
        if share == 0:
            return np.asarray(-gain * SHARES)
        return np.asarray(gain * (2 * SHARES / share - (SHARES / share) ** 2))

    def combined(self, kind: int, gains: FloatArray, error: FloatArray) -> FloatArray:
        """Gains (C, S) of a file with these squared standard errors, infinite where unknown, and those of others.

        Each is weighted by its precision.
        """
        between = (self.spread * SHARES) ** 2 + TINY
        own = between / (between + error)
        return np.where(own > 0, own * gains, 0.0) + (1 - own) * self.gains(kind)


def _by_kind(other: list[float], flat: list[float]) -> FloatArray:
    """Values by kind of gap, from those by length: of gaps between different values, and between equal ones."""
    assert len(other) + len(flat) == KINDS
    return np.array([*other, *flat])


# Medians of columns with ten held-out gaps or more, averaged over stretches of six files: the train and validation rows
# of ETTh1, and five Beijing stations that no benchmark scores as whole files. Between equal values linear interpolation
# is hard to beat. No gap between equal values lasted a day; those take the gains of 7 to 24 steps and go all the way.
OTHER_FILES = PriorGains(
    share=_by_kind([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.5, 0.55, 0.05, 0.9, 1.0, 1.0]),
    gain=_by_kind([0.22, 0.26, 0.4, 0.52, 0.67, 0.67], [0.08, 0.05, 0.02, 0.25, 0.25, 0.25]),
    spread=0.2,
)
NONE = PriorGains(np.zeros(KINDS), np.ones(KINDS), spread=1e6)  # a gain must be shown, and then counts in full
