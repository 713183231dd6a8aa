"""Correlations of columns, by which columns are grouped where there are too many to be estimated together."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray, IntArray


def correlations(values: FloatArray) -> FloatArray:
    """Absolute correlation (C, C) of the columns of a series (T, C), over the cells where both are observed."""
    observed = ~np.isnan(values)
    count = np.maximum(observed.sum(axis=0), 1)
    centred = np.where(observed, values - np.where(observed, values, 0.0).sum(axis=0) / count, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    standard = centred / np.where(spread > 0, spread, 1.0)
    pairs = observed.T.astype(float) @ observed
    return np.asarray(np.abs(standard.T @ standard) / np.maximum(pairs, 1))


def most_correlated(correlation: FloatArray, among: IntArray, size: int) -> IntArray:
    """`size` of the columns `among`: the column most correlated with all others, and the columns closest to it."""
    between = correlation[np.ix_(among, among)]
    centre = between.sum(axis=1).argmax()
    between[centre, centre] = np.inf
    return np.sort(among[np.argsort(-between[centre], kind="stable")[:size]])


def correlated_groups(values: FloatArray, most: int) -> list[IntArray]:
    """The columns of a series (T, C) in groups of at most `most`, of nearly equal size, of correlated columns each."""
    ungrouped = np.arange(values.shape[1])
    correlation = correlations(values)
    size = -(-len(ungrouped) // -(-len(ungrouped) // most))
    groups = []
    while len(ungrouped):
        groups.append(most_correlated(correlation, ungrouped, size))
        ungrouped = np.setdiff1d(ungrouped, groups[-1])
    return groups
