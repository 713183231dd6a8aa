"""The share of a candidate that looks better than the plain candidate on held-out cells, perhaps only by chance.

The gain in squared error is measured gap by gap, for each column and kind of gap. A random-effects meta-analysis
(DerSimonian and Laird 1986) combines the gains of the columns: it shrinks each gain to the mean of all columns. It
shrinks more if the gain is uncertain or if the columns differ little, but never by more than one standard error
(limited translation, Efron and Morris 1972). The chosen share has the largest gain after a multiple of its standard
error has been subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.validation.cells import KINDS, Cells
from latentfill.windows.gaps import BUCKET_NAMES

SHARES = np.linspace(0.0, 1.0, 21)  # S shares of the better candidate that are tried
EXACT_GAPS = 5  # fewest gaps in which a plain candidate without any error is kept as it is
TINY = 1e-12  # squared relative gain: keeps weights finite
MOST_ERRORS_SHRUNK = 1.0  # most standard errors by which a gain is shrunk: some columns are unlike the others
PRIOR_GAPS = 5.0  # prior gaps, from all columns, in the variance of a column's gain from gap to gap

# By gap length: how many standard errors are subtracted from a gain, and how many gaps a column needs for its own gain.
# In short gaps linear interpolation is good, and a wrong change costs more than a right change gains; in long gaps it
# is poor.
CAUTION = np.array([1.0, 1.0, 1.0, 0.5, 0.5, 0.5])
ENOUGH_GAPS = np.array([2, 2, 2, 20, 20, 20])


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
    def of(cls, plain: FloatArray, other: FloatArray, cells: Cells) -> Gains:
        """Gains from the errors (M,) of both candidates; errors within a gap are correlated, so a gap counts once."""
        _, first, gap = np.unique(cells.gap_number * KINDS + cells.kind, return_index=True, return_inverse=True)
        group, n_groups = (cells.column * KINDS + cells.kind)[first], cells.n_columns * KINDS
        move = other - plain
        loss, slope, bend = (_sums(x, gap, len(group)) for x in (plain**2, -2 * plain * move, move**2))
        count, total = (_sums(x, group, n_groups) for x in (np.ones(len(group)), loss))
        unit = np.where(total > 0, total / np.maximum(count, 1), 1.0)[group]
        gains = (SHARES * slope[:, None] - SHARES**2 * bend[:, None]) / unit[:, None]  # (gaps, S)
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


def blend_shares(plain: FloatArray, other: FloatArray, cells: Cells, unproven: float = 1.0) -> FloatArray:
    """Share (C, KINDS) of the other candidate in a blend with the plain candidate, by column and kind of gap.

    It follows from the errors (M,) of both on held-out `cells`: 0 keeps the plain candidate, 1 takes the other. For a
    kind of gap of which no column has enough gaps, the share is that of the `unproven`.
    """
    gains = Gains.of(plain, other, cells)
    share = np.full(gains.count.shape, unproven)
    for kind in range(KINDS):
        bucket = kind % len(BUCKET_NAMES)
        enough = gains.count[:, kind] >= ENOUGH_GAPS[bucket]
        if enough.any():
            share[:, kind] = SHARES[_cautious_gains(gains, kind, enough, unproven).argmax(axis=1)]
    exact = (gains.count >= EXACT_GAPS) & (gains.loss == 0)
    return np.where(exact, 0.0, share)


def _sums(values: FloatArray, group: np.ndarray, n_groups: int) -> FloatArray:
    """Sums of the values by group."""
    return np.bincount(group, weights=values, minlength=n_groups).astype(float)


def _cautious_gains(gains: Gains, kind: int, enough: BoolArray, unproven: float) -> FloatArray:
    """Gain (C, S) of each column in gaps of one kind, minus `CAUTION` standard errors.

    A column without `enough` (C,) gaps gets the gain that the other columns predict for it.
    """
    caution = CAUTION[kind % len(BUCKET_NAMES)]
    mean = gains.mean[enough, kind]
    error = _squared_errors(gains.count[enough, kind], gains.variance[enough, kind])
    cautious = np.tile(-np.abs(SHARES - unproven), (len(enough), 1))  # for columns without enough gaps
    if len(mean) == 1:
        cautious[enough] = mean - caution * np.sqrt(error)
        return cautious
    between = between_variance(mean, error)
    weight = 1 / (error + between)
    centre = (weight * mean).sum(axis=0) / weight.sum(axis=0)
    centre_error = between + 1 / weight.sum(axis=0)  # squared standard error of predicting a further column's gain
    shrinkage = error / (error + centre_error)
    cautious[:] = centre - caution * np.sqrt(centre_error)
    reach = MOST_ERRORS_SHRUNK * np.sqrt(error)
    shrunk = np.clip((1 - shrinkage) * mean + shrinkage * centre, mean - reach, mean + reach)
    cautious[enough] = shrunk - caution * np.sqrt(error * (1 - shrinkage))
    return cautious


def _squared_errors(count: FloatArray, variance: FloatArray) -> FloatArray:
    """Squared standard errors (C, S) of mean gains over `count` gaps (C,); the variances are shrunk to their mean."""
    n = count[:, None]
    freedom = n - 1
    pooled = (freedom * variance).sum(axis=0) / np.maximum(freedom.sum(axis=0), 1)
    return np.asarray((freedom * variance + PRIOR_GAPS * pooled) / (freedom + PRIOR_GAPS) / n + TINY)


def between_variance(mean: FloatArray, error: FloatArray) -> FloatArray:
    """Variance (S,) of the true gains between columns, by the method of moments of DerSimonian and Laird (1986).

    `mean` (C, S) holds the measured mean gains and `error` (C, S) their squared standard errors.
    """
    weight = 1 / error
    total = weight.sum(axis=0)
    centre = (weight * mean).sum(axis=0) / total
    excess = (weight * (mean - centre) ** 2).sum(axis=0) - (len(mean) - 1)
    return np.asarray(np.maximum(excess / np.maximum(total - (weight**2).sum(axis=0) / total, TINY), 0.0))
