"""How far to go from a plain candidate to a better one that may be better by chance.

Held-out gaps of one column and kind say what a step gains, with an error; columns differ in what they gain. Both are
weighed as a random-effects meta-analysis does (DerSimonian and Laird, 1986), each column is drawn to the others as far
as they are alike, and the step is taken that gains most, less some of its error.
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.gaps import BUCKET_NAMES

SHARES = np.linspace(0.0, 1.0, 21)  # of the way from the plain candidate to the other
EXACT_GAPS = 5  # from which on a plain candidate that is exactly right in all of them is left alone
TINY = 1e-12  # squared relative gain: keeps weights finite
MOST_ERRORS_DRAWN = (
    1.0  # standard errors that a column is drawn to the others at most (Efron and Morris 1972): some are unlike them
)
PRIOR_GAPS = 5.0  # for which the other columns count in how much gains vary from gap to gap

# By gap length: standard errors that are taken off a gain, and gaps of its own from which on a column is asked. A
# straight line is good in short gaps, so that a wrong step costs more than a right one gains; in long ones it is poor.
CAUTION = np.array([2.0, 2.0, 2.0, 0.5, 0.5, 0.5])
ENOUGH_GAPS = np.array([2, 2, 2, 20, 20, 20])


def shares_of_the_way(
    plain: FloatArray, other: FloatArray, column: IntArray, kind: IntArray, gap: IntArray, shape: tuple[int, int]
) -> FloatArray:
    """How far to go from one candidate to another in each group, `shape` (columns, kinds).

    From the errors (M,) of both on held-out cells. Cells of one gap go right or wrong together, so each `gap` (M,)
    counts as one draw. Kinds are by gap length, over and over.
    """
    columns, kinds = shape
    (of_column, of_kind, _), index = np.unique(np.stack([column, kind, gap]), axis=1, return_inverse=True)
    group, away = of_column * kinds + of_kind, other - plain

    def sums(of_items: FloatArray, items: IntArray, size: int) -> FloatArray:
        return np.bincount(items, weights=of_items, minlength=size).astype(float)

    lost, slope, bend = (sums(x, index, len(group)) for x in (plain**2, -2 * plain * away, away**2))
    count, total = (sums(x, group, columns * kinds) for x in (np.ones(len(group)), lost))
    unit = np.where(total > 0, total / np.maximum(count, 1), 1.0)[group]  # what the plain candidate loses per gap
    gains = (SHARES * slope[:, None] - SHARES**2 * bend[:, None]) / unit[:, None]  # (gaps, shares)
    first, second = (
        np.stack([sums(x, group, columns * kinds) for x in power.T], axis=1) for power in (gains, gains**2)
    )
    mean = first / np.maximum(count, 1)[:, None]
    variance = np.maximum(second - first * mean, 0.0) / np.maximum(count - 1, 1)[:, None]
    share = np.ones(shape)
    for k in range(kinds):
        own, length = np.arange(k, columns * kinds, kinds), k % len(BUCKET_NAMES)
        known = count[own] >= ENOUGH_GAPS[length]
        if known.any():
            gain = _cautious_gains(count[own], mean[own], variance[own], known, CAUTION[length])
            share[:, k] = SHARES[gain.argmax(axis=1)]
    exact = (count >= EXACT_GAPS) & (total == 0)
    return np.where(exact.reshape(shape), 0.0, share)


def _cautious_gains(
    count: FloatArray, mean: FloatArray, variance: FloatArray, known: BoolArray, caution: float
) -> FloatArray:
    """What each of C columns gains at each share, (C, shares), less `caution` times its standard error.

    From `count` (C,) gaps with this mean gain and this variance from gap to gap, both (C, shares). Columns that are not
    `known` (C,) are taken for one of the others.
    """
    n, m, v = count[known][:, None], mean[known], variance[known]
    freedom = n - 1
    pooled = (freedom * v).sum(axis=0) / np.maximum(freedom.sum(axis=0), 1)
    error = (freedom * v + PRIOR_GAPS * pooled) / (freedom + PRIOR_GAPS) / n + TINY  # squared, of each mean
    gain = np.tile(SHARES, (len(count), 1))  # with nothing to go by, all the way
    if len(m) == 1:
        gain[known] = m - caution * np.sqrt(error)
        return gain
    between = _between(m, error)
    weight = 1 / (error + between)
    centre = (weight * m).sum(axis=0) / weight.sum(axis=0)
    doubt = between + 1 / weight.sum(axis=0)  # squared, of the centre as what another column gains
    drawn = error / (error + doubt)
    gain[:] = centre - caution * np.sqrt(doubt)
    reach = MOST_ERRORS_DRAWN * np.sqrt(error)
    gain[known] = np.clip((1 - drawn) * m + drawn * centre, m - reach, m + reach) - caution * np.sqrt(
        error * (1 - drawn)
    )
    return gain


def _between(mean: FloatArray, error: FloatArray) -> FloatArray:
    """Variance of what columns truly gain, (shares,), by the method of moments, from their means and squared errors."""
    weight = 1 / error
    total = weight.sum(axis=0)
    centre = (weight * mean).sum(axis=0) / total
    excess = (weight * (mean - centre) ** 2).sum(axis=0) - (len(mean) - 1)
    return np.asarray(np.maximum(excess / np.maximum(total - (weight**2).sum(axis=0) / total, TINY), 0.0))
