"""What a blend gains over the plain candidate on held-out cells, gap by gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.imputation.validation.cells import KINDS, Cells

SHARES = np.linspace(0.0, 1.0, 21)  # S shares of the better candidate that are tried
EASY = 0.1  # of the mean squared error, added to that of each gap where gains are relative to it


@dataclass(frozen=True, slots=True, eq=False)
class Gains:
    """Gains in squared error of a blend over the plain candidate, by column and kind of gap, for each of S shares.

    The unit is the plain candidate's mean squared error per gap.
    """

    count: FloatArray  # (C, KINDS) number of gaps
    loss: FloatArray  # (C, KINDS) squared error of the plain candidate
    mean: FloatArray  # (C, KINDS, S) gain per gap
    variance: FloatArray  # (C, KINDS, S) variance of the gain from gap to gap

    @classmethod
    def of(cls, plain: FloatArray, other: FloatArray, cells: Cells, *, relative: bool = False) -> Gains:
        """Gains from the errors (M,) of both candidates; errors within a gap are correlated, so a gap counts once.

        In squared error, few hard gaps decide. With `relative`, each gain is divided by the mean squared error of both
        candidates in its gap, so that easy gaps count as much.
        """
        _, first, gap = np.unique(cells.gap_number * KINDS + cells.kind, return_index=True, return_inverse=True)
        group, n_groups = (cells.column * KINDS + cells.kind)[first], cells.n_columns * KINDS
        move = other - plain
        losses = (plain**2, -2 * plain * move, move**2, (plain**2 + other**2) / 2)
        loss, slope, bend, of_both = (_sums(x, gap, len(group)) for x in losses)
        count, total = (_sums(x, group, n_groups) for x in (np.ones(len(group)), loss))
        unit = np.where(total > 0, total / np.maximum(count, 1), 1.0)[group]
        size = of_both + EASY * unit if relative else unit
        gains = (SHARES * slope[:, None] - SHARES**2 * bend[:, None]) / size[:, None]  # (gaps, S)
        first, second = (np.stack([_sums(x, group, n_groups) for x in power.T], axis=1) for power in (gains, gains**2))
        mean = first / np.maximum(count, 1)[:, None]
        variance = np.maximum(second - first * mean, 0.0) / np.maximum(count - 1, 1)[:, None]
        shape = (cells.n_columns, KINDS)
        return cls(
            count=count.reshape(shape),
            loss=total.reshape(shape),
            mean=mean.reshape(*shape, len(SHARES)),
            variance=variance.reshape(*shape, len(SHARES)),
        )


def _sums(values: FloatArray, group: np.ndarray, n_groups: int) -> FloatArray:
    """Sums of the values by group."""
    return np.bincount(group, weights=values, minlength=n_groups).astype(float)
