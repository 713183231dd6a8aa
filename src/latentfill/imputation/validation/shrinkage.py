"""The share of a candidate that looks better than the plain candidate on held-out cells, perhaps only by chance.

The gain in squared error is measured gap by gap, for each column and kind of gap. A random-effects meta-analysis
(DerSimonian and Laird 1986) combines the gains of the columns: it shrinks each gain to the mean of all columns. It
shrinks more if the gain is uncertain or if the columns differ little, but never by more than one standard error
(limited translation, Efron and Morris 1972). The chosen share has the largest gain after a multiple of its standard
error has been subtracted.
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.validation.cells import KINDS, Cells
from latentfill.imputation.validation.gains import SHARES, Gains
from latentfill.imputation.validation.prior_gains import OTHER_FILES, PriorGains
from latentfill.windows.gaps import BUCKET_NAMES

EXACT_GAPS = 5  # fewest gaps in which a plain candidate without any error is kept as it is
TINY = 1e-12  # squared relative gain: keeps weights finite
MOST_ERRORS_SHRUNK = 1.0  # most standard errors by which a gain is shrunk: some columns are unlike the others
PRIOR_GAPS = 5.0  # prior gaps, from all columns, in the variance of a column's gain from gap to gap

# By gap length: how many standard errors are subtracted from a gain, and how many gaps a column needs for its own gain.
# In short gaps linear interpolation is good, and a wrong change costs more than a right change gains; in long gaps it
# is poor.
CAUTION = np.array([1.0, 1.0, 1.0, 0.5, 0.5, 0.5])
ENOUGH_GAPS = np.array([2, 2, 2, 20, 20, 20])
SHORT = 3  # lengths of gaps, from the shortest on, in which easy gaps must not lose
RELATIVE_CAUTION = 3.0  # standard errors, likewise
RELATIVE_GAPS = 30  # fewest gaps of all columns that can show it


def blend_shares(plain: FloatArray, other: FloatArray, cells: Cells, prior: PriorGains = OTHER_FILES) -> FloatArray:
    """Share (C, KINDS) of the other candidate in a blend with the plain candidate, by column and kind of gap.

    It follows from the errors (M,) of both on held-out `cells`, and while these are few from the `prior`: 0 keeps the
    plain candidate, 1 takes the other. In short gaps, what is gained in a few hard gaps must not be lost in the easy
    ones.
    """
    gains, relative = (Gains.of(plain, other, cells, relative=relative) for relative in (False, True))
    share = np.zeros(gains.count.shape)
    for kind in range(KINDS):
        bucket = kind % len(BUCKET_NAMES)
        enough = gains.count[:, kind] >= ENOUGH_GAPS[bucket]
        of_file = _cautious_gains(gains, kind, enough, CAUTION[bucket])
        share[:, kind] = SHARES[prior.combined(kind, *of_file).argmax(axis=1)]
        if bucket < SHORT and gains.count[enough, kind].sum() >= RELATIVE_GAPS:
            of_easy = _cautious_gains(relative, kind, enough, RELATIVE_CAUTION)
            share[:, kind] = np.minimum(share[:, kind], _largest_without_loss(prior.combined(kind, *of_easy)))
    exact = (gains.count >= EXACT_GAPS) & (gains.loss == 0)
    return np.where(exact, 0.0, share)


def _largest_without_loss(gains: FloatArray) -> FloatArray:
    """The largest share (C,) up to which no gain (C, S) is less than that of none."""
    without = np.cumprod(gains >= gains[:, :1], axis=1).sum(axis=1)
    return np.asarray(SHARES[without - 1])


def _cautious_gains(gains: Gains, kind: int, enough: BoolArray, caution: float) -> tuple[FloatArray, FloatArray]:
    """Gain (C, S) of each column in gaps of one kind, minus `caution` standard errors, and their squared errors (C, S).

    A column without `enough` (C,) gaps gets the gain that the other columns predict for it, if there are two of them;
    an unknown gain is 0, with an infinite error.
    """
    mean = gains.mean[enough, kind]
    error = _squared_errors(gains.count[enough, kind], gains.variance[enough, kind])
    cautious, errors = np.zeros((len(enough), len(SHARES))), np.full((len(enough), len(SHARES)), np.inf)
    if len(mean) < 2:
        cautious[enough], errors[enough] = mean - caution * np.sqrt(error), error
        return cautious, errors
    between = between_variance(mean, error)
    weight = 1 / (error + between)
    centre = (weight * mean).sum(axis=0) / weight.sum(axis=0)
    centre_error = between + 1 / weight.sum(axis=0)  # squared standard error of predicting a further column's gain
    shrinkage = error / (error + centre_error)
    cautious[:], errors[:] = centre - caution * np.sqrt(centre_error), centre_error
    reach = MOST_ERRORS_SHRUNK * np.sqrt(error)
    shrunk = np.clip((1 - shrinkage) * mean + shrinkage * centre, mean - reach, mean + reach)
    cautious[enough] = shrunk - caution * np.sqrt(error * (1 - shrinkage))
    errors[enough] = error * (1 - shrinkage)
    return cautious, errors


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
