"""Probes: how much of the change from one embedding to the next each row of the table explains.

Windows that start a row apart share all rows but two, so their embeddings are nearly the same, and an embedding seems
to know the windows beside its own as well as its own. Probes therefore compare changes: of embeddings, the difference
from the one before; of rows, their innovations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.innovations import innovations
from latentfill.embeddings.checks.regression import explained_by_block, explained_by_other
from latentfill.embeddings.protocols.record import VectorArray

PAIRS = 2000  # consecutive windows, at most, whose change is used
PARTS = 32  # principal components of the changes
BASIS = 1000  # changes from which the components are computed
COLUMNS = 8  # columns of the table, at most, that are used


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The embeddings of one split and the windows that they are paired with."""

    vectors: VectorArray  # (N, K, D)
    starts: IntArray  # (N,) first rows of the windows


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """The changes of one variable's embeddings over n pairs of consecutive windows, and the rows of its column."""

    changes: FloatArray  # (n, R), unit spread; along directions that all splits share
    starts: IntArray  # (n,), first rows of the earlier window of each pair
    ahead: FloatArray  # (T, F), innovations given the rows before
    back: FloatArray  # (T, F), innovations given the rows after

    def rows(self, offsets: IntArray, *, back: bool = False) -> FloatArray:
        """Innovations of the rows at B offsets from each earlier window's start, (n, B, F); 0 outside the table."""
        news = self.back if back else self.ahead
        rows = self.starts[:, None] + offsets
        inside = (rows >= 0) & (rows < len(news))
        found: FloatArray = np.where(inside[:, :, None], news[np.clip(rows, 0, len(news) - 1)], 0.0)
        return found


def make_probes(splits: Sequence[Split], values: FloatArray, columns: Sequence[int], every: int) -> list[list[Probe]]:
    """For each split, a probe for each variable; `every` rows lie between consecutive windows.

    `values` (T, C) is the table, `columns` the column of each variable; a lone variable stands for all columns. Splits
    share the directions along which changes are measured.
    """
    pairs = [_pairs(split.starts, every) for split in splits]
    used = spread_over(len(columns), COLUMNS)
    ahead, back = (innovations(values[:, [columns[c] for c in used]], reverse=reverse) for reverse in (False, True))
    one_each = splits[0].vectors.shape[1] == len(columns)
    features = None if one_each else 1  # of many columns together the values are enough
    found: list[list[Probe]] = [[] for _ in splits]
    for at, variable in enumerate(used if one_each else [0]):
        own = slice(at, at + 1) if one_each else slice(None)
        changes = [
            split.vectors[first + 1, variable] - split.vectors[first, variable]
            for split, first in zip(splits, pairs, strict=True)
        ]
        directions = _directions(changes)
        for probes, split, first, change in zip(found, splits, pairs, changes, strict=True):
            rows = (np.concatenate([news[:, :features] for news in side[own]], axis=1) for side in (ahead, back))
            probes.append(Probe(change.astype(np.float64) @ directions, split.starts[first], *rows))
    return found


def changes_along(vectors: VectorArray) -> FloatArray:
    """The changes from each of the embeddings (N, D) to the next, along the directions in which they spread most."""
    changes = np.diff(vectors, axis=0)[spread_over(len(vectors) - 1, PAIRS)]
    return changes.astype(np.float64) @ _directions([changes])


def _pairs(starts: IntArray, every: int) -> IntArray:
    """Numbers of windows whose next window starts `every` rows later, spread over all windows."""
    follows = np.flatnonzero(np.diff(starts) == every)
    return follows[spread_over(len(follows), PAIRS)]


def spread_over(count: int, most: int) -> IntArray:
    """At most `most` of the numbers from 0 to `count` - 1, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _directions(splits: Sequence[VectorArray]) -> FloatArray:
    """Principal directions (D, R) of the changes (n, D) of all splits, scaled so that changes have unit spread."""
    changes = np.concatenate([part[spread_over(len(part), BASIS // len(splits))] for part in splits])
    if not len(changes):
        return np.empty((changes.shape[1], 0))
    changes = changes - changes.mean(axis=0)
    power, along = np.linalg.eigh((changes @ changes.T).astype(np.float64))
    kept = np.flatnonzero(power > 1e-6 * max(power.max(initial=0.0), 1e-30))[::-1][:PARTS]
    found: FloatArray = changes.T.astype(np.float64) @ (along[:, kept] / power[kept]) * np.sqrt(len(changes))
    return found


def explained_by_rows(probes: Sequence[Probe], offsets: IntArray, *, back: bool = False) -> FloatArray:
    """How much of each change the row at each offset explains beyond the rows before it in `offsets`, (B, n).

    A share of the variance, as in `explained_by_block`, averaged over the variables.
    """
    shares: FloatArray = np.mean(
        [explained_by_block(probe.rows(offsets, back=back), probe.changes) for probe in probes], axis=0
    )
    return shares


def explained_by_probes(probes: Sequence[Probe], fitted: Sequence[Probe], offsets: IntArray) -> FloatArray:
    """How much of each change of `probes` a regression that was fitted to the probes `fitted` explains, (n,).

    A share of the variance, averaged over the variables; below 0 where the regression misleads.
    """
    pairs = zip(probes, fitted, strict=True)
    shares: FloatArray = np.mean(
        [explained_by_other(own.rows(offsets), own.changes, one.rows(offsets), one.changes) for own, one in pairs],
        axis=0,
    )
    return shares


def agreement(probes: Sequence[Probe]) -> tuple[IntArray, FloatArray]:
    """How strongly changes depend on the rows at each offset from the start of the earlier window: offsets, scores.

    The squared covariance of the two, summed over directions and without each window's product with itself: the
    Hilbert-Schmidt independence criterion with linear kernels (Gretton et al. 2005, unbiased as in Song et al. 2012),
    for all offsets at once by fast Fourier transforms. Offsets that most windows lack are left out.
    """
    steps = len(probes[0].ahead)
    size = fft.next_fast_len(2 * steps, real=True)
    score = np.zeros(size)
    for probe in probes:
        spikes = np.zeros((2 + probe.changes.shape[1], size), np.float32)
        spikes[0, probe.starts], spikes[1, probe.starts] = 1.0, (probe.changes**2).sum(axis=1)
        spikes[2:, probe.starts] = probe.changes.T
        at_starts = np.conj(fft.rfft(spikes))
        power = fft.rfft((probe.ahead**2).sum(axis=1), size)
        score -= fft.irfft(at_starts[1] * power, size)
        for column in probe.ahead.T.astype(np.float32):
            score += (fft.irfft(at_starts[2:] * fft.rfft(column, size), size) ** 2).sum(axis=0)
    inside = np.where(np.arange(size) < steps, 1.0, 0.0)
    weight = fft.irfft(at_starts[0] * fft.rfft(inside), size)
    offsets = np.arange(-steps + 1, steps)
    enough = weight[offsets] > 0.5 * len(probes[0].starts)
    return offsets[enough], score[offsets][enough] / weight[offsets][enough]
