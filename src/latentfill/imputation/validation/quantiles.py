"""Distributions given by their quantiles at fixed levels."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.validation.cells import Cells
from latentfill.windows.gaps import BUCKET_NAMES

LEVELS = np.linspace(0.0, 1.0, 201)  # probabilities at which quantiles are kept
PRIOR_CELLS = 20.0  # most cells that its column, and its gap length, add to the distribution of a group
ALL_CELLS = 5.0  # cells that all held-out cells together add to the distribution of each group


def quantile(table: FloatArray, level: FloatArray) -> FloatArray:
    """Quantiles (M,) at `level` (M,) of distributions (M, len(LEVELS)), interpolated linearly between `LEVELS`."""
    place = np.clip(level, 0, 1) * (len(LEVELS) - 1)
    below = np.minimum(place.astype(np.int64), len(LEVELS) - 2)
    rows = np.arange(len(table))
    share = place - below
    return np.asarray((1 - share) * table[rows, below] + share * table[rows, below + 1])


def probability_below(table: FloatArray, value: FloatArray) -> FloatArray:
    """Probability (M,) of less than `value` (M,) in each distribution (M, len(LEVELS)); ties count half."""
    value = value[:, None]
    return np.asarray(((table < value).mean(axis=1) + (table <= value).mean(axis=1)) / 2)


def continuous_ranked_probability(table: FloatArray, truth: FloatArray) -> FloatArray:
    """Continuous ranked probability score (M,) of distributions (M, len(LEVELS)): twice the mean pinball loss.

    Matheson and Winkler (1976); Laio and Tamea (2007) for the sum over quantiles. The pinball loss is zero at the
    levels 0 and 1, so these two are left out.
    """
    error = truth[:, None] - table[:, 1:-1]
    level = LEVELS[1:-1]
    return np.asarray(2 * np.mean(np.maximum(level * error, (level - 1) * error), axis=1))


def group_distributions(value: FloatArray, cells: Cells) -> tuple[FloatArray, FloatArray]:
    """Weighted quantiles (C, buckets, len(LEVELS)) and mean absolute values (C, buckets) of values (M,).

    In the group of a column and gap length, its own cells have weight one. Other cells of its column, other cells of
    its gap length and all further cells have smaller weights.
    """
    order = np.argsort(value, kind="stable")
    value, column, bucket = value[order], cells.column[order], cells.bucket[order]
    bucket_weights = [_prior_weight(bucket == b) for b in range(len(BUCKET_NAMES))]
    quantiles = np.empty((cells.n_columns, len(BUCKET_NAMES), len(LEVELS)))
    mean_size = np.empty((cells.n_columns, len(BUCKET_NAMES)))
    for c in range(cells.n_columns):
        column_weights = ALL_CELLS / len(value) + _prior_weight(column == c)
        for b in range(len(BUCKET_NAMES)):
            weight = column_weights + bucket_weights[b]
            weight[(column == c) & (bucket == b)] += 1.0
            total = np.cumsum(weight)
            quantiles[c, b] = np.interp(LEVELS, (total - weight / 2) / total[-1], value)
            mean_size[c, b] = (weight * np.abs(value)).sum() / total[-1]
    return quantiles, mean_size


def _prior_weight(chosen: BoolArray) -> FloatArray:
    """Weights (M,) with which the chosen cells enter a narrower group: 1 each, but `PRIOR_CELLS` at most in total."""
    return np.where(chosen, min(1.0, PRIOR_CELLS / max(int(np.count_nonzero(chosen)), 1)), 0.0)
