"""How often a column has values as large as a given one, judged by the upper tail of its own values.

The tail is a stretched exponential (Laherrère and Sornette 1998), given by two upper quantiles. The largest values,
among which the wrong ones are, take no part in it.
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray

TAIL = (0.9, 0.99)  # quantiles that give the tail
FEWEST = 100  # values; with fewer, the tail is unknown
LIGHTEST = 2.0  # largest exponent: that of a Gaussian tail
EXPECTED_WRONG = 0.02  # number of wrong values that are expected beforehand in a column


def expected_count(sizes: FloatArray) -> FloatArray:
    """For each size (T,), NaN where there is none, how many as large are expected by chance among all of them."""
    known = sizes[~np.isnan(sizes)]
    if known.size < FEWEST:
        return np.full(len(sizes), np.inf)
    first, last = np.quantile(known, TAIL)
    if not 0 < first < last:
        return np.full(len(sizes), np.inf)
    at_first, at_last = (-np.log(1 - level) for level in TAIL)
    exponent = min(LIGHTEST, float(np.log(at_last / at_first) / np.log(last / first)))
    log_share = -at_last * (np.nan_to_num(sizes) / last) ** exponent
    return np.where(np.isnan(sizes), np.inf, known.size * np.exp(log_share))


def expected_of_all(*sizes: FloatArray) -> FloatArray:
    """The expected count of each cell (T, C), the largest for several measures of size: all must speak against it."""
    counts = [np.stack([expected_count(column) for column in each.T], axis=1) for each in sizes]
    return np.asarray(np.maximum.reduce(counts))


def probability_wrong(expected: FloatArray) -> FloatArray:
    """The probability that a value is wrong, if so many as large are expected by chance."""
    return np.asarray(EXPECTED_WRONG / (EXPECTED_WRONG + expected))
