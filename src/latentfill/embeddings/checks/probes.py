"""Probes: regressions that measure which rows of a table explain the change from one embedding to the next.

Windows that start one row apart share all rows but two, so their embeddings are nearly equal, and an embedding seems to
belong to the windows beside its own too. Probes therefore compare changes: differences between consecutive embeddings
with innovations of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import fft

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.innovations import innovations
from latentfill.embeddings.checks.regression import explained_by_block, explained_by_other
from latentfill.embeddings.protocols.record import VectorArray

PAIRS = 2000  # pairs of consecutive windows, at most, whose change is used
PARTS = 32  # principal components of the changes
BASIS = 1000  # changes from which the components are computed
COLUMNS = 8  # columns of the table, at most, that are used
FOLLOWING, LEAST_FOLLOWING = 16, 100  # components that are predicted from earlier changes, and pairs in each half


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The embeddings of one split and the windows that they are paired with."""

    vectors: VectorArray  # (N, K, D)
    starts: IntArray  # (N,) first rows of the windows


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """The changes of one variable's embeddings over n pairs of consecutive windows, and its column's innovations."""

    changes: FloatArray  # (n, R) along principal directions that all splits share, unit spread
    starts: IntArray  # (n,), first rows of the earlier window of each pair
    forward: FloatArray  # (T, F), innovations given the rows before
    backward: FloatArray  # (T, F), innovations given the rows after

    def rows(self, offsets: IntArray, *, backward: bool = False) -> FloatArray:
        """Innovations of the rows at B offsets from each earlier window's start, (n, B, F); 0 outside the table."""
        innovation = self.backward if backward else self.forward
        rows = self.starts[:, None] + offsets
        inside = (rows >= 0) & (rows < len(innovation))
        picked: FloatArray = np.where(inside[:, :, None], innovation[np.clip(rows, 0, len(innovation) - 1)], 0.0)
        return picked


def make_probes(splits: Sequence[Split], values: FloatArray, columns: Sequence[int], every: int) -> list[list[Probe]]:
    """For each split, a probe for each variable; `every` is the number of rows between starts of consecutive windows.

    `values` (T, C) is the table, `columns` the column of each variable; a single variable stands for all columns. All
    splits share the directions along which changes are measured.
    """
    pairs = [_pairs(split.starts, every) for split in splits]
    kept_columns = evenly_spaced(len(columns), COLUMNS)
    forward, backward = (
        innovations(values[:, [columns[c] for c in kept_columns]], reverse=reverse) for reverse in (False, True)
    )
    per_column = splits[0].vectors.shape[1] == len(columns)
    features = None if per_column else 1  # for many columns together, only the values and not their digits
    by_split: list[list[Probe]] = [[] for _ in splits]
    for at, variable in enumerate(kept_columns if per_column else [0]):
        columns_of_variable = slice(at, at + 1) if per_column else slice(None)
        changes = [
            split.vectors[first + 1, variable] - split.vectors[first, variable]
            for split, first in zip(splits, pairs, strict=True)
        ]
        directions = _directions(changes)
        for probes, split, first, change in zip(by_split, splits, pairs, changes, strict=True):
            rows = (
                np.concatenate([innovation[:, :features] for innovation in side[columns_of_variable]], axis=1)
                for side in (forward, backward)
            )
            probes.append(Probe(change.astype(np.float64) @ directions, split.starts[first], *rows))
    return by_split


def changes_along(vectors: VectorArray) -> FloatArray:
    """The changes (n, R) between consecutive embeddings (N, D), along their principal directions."""
    changes = np.diff(vectors, axis=0)[evenly_spaced(len(vectors) - 1, PAIRS)]
    return changes.astype(np.float64) @ _directions([changes])


def _pairs(starts: IntArray, every: int) -> IntArray:
    """Indices of windows whose next window starts `every` rows later, evenly spread over all such windows."""
    follows = np.flatnonzero(np.diff(starts) == every)
    return follows[evenly_spaced(len(follows), PAIRS)]


def evenly_spaced(count: int, most: int) -> IntArray:
    """At most `most` of the numbers from 0 to `count` - 1, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _directions(splits: Sequence[VectorArray]) -> FloatArray:
    """Principal directions (D, R) of the changes (n, D) of all splits, scaled so that changes have unit spread."""
    changes = np.concatenate([part[evenly_spaced(len(part), BASIS // len(splits))] for part in splits])
    if not len(changes):
        return np.empty((changes.shape[1], 0))
    changes = changes - changes.mean(axis=0)
    power, along = np.linalg.eigh((changes @ changes.T).astype(np.float64))
    kept = np.flatnonzero(power > 1e-6 * max(power.max(initial=0.0), 1e-30))[::-1][:PARTS]
    directions: FloatArray = changes.T.astype(np.float64) @ (along[:, kept] / power[kept]) * np.sqrt(len(changes))
    return directions


def explained_by_rows(probes: Sequence[Probe], offsets: IntArray, *, backward: bool = False) -> FloatArray:
    """The share of the changes' variance that the row at each offset adds to the rows before it in `offsets`, (B, n).

    Shares are computed by `explained_by_block` and averaged over the variables.
    """
    shares: FloatArray = np.mean(
        [explained_by_block(probe.rows(offsets, backward=backward), probe.changes) for probe in probes], axis=0
    )
    return shares


def explained_by_probes(probes: Sequence[Probe], fitted: Sequence[Probe], offsets: IntArray) -> FloatArray:
    """The share of the variance of `probes`' changes that a regression fitted to the probes `fitted` explains, (n,).

    Shares are averaged over the variables; they are negative where the regression increases the error.
    """
    pairs = zip(probes, fitted, strict=True)
    shares: FloatArray = np.mean(
        [explained_by_other(a.rows(offsets), a.changes, b.rows(offsets), b.changes) for a, b in pairs],
        axis=0,
    )
    return shares


def explained_by_earlier(probes: Sequence[Probe], lag: int) -> float:
    """The share of the changes' variance that changes about `lag` rows earlier explain, mean over the variables.

    Windows share most rows, so the changes of an encoder without random parts repeat each other to some degree. A
    regression is fitted to each half of the windows and scored on the other; the lower share counts.
    """
    return float(np.mean([_explained_by_earlier(probe, lag) for probe in probes]))


def _explained_by_earlier(probe: Probe, lag: int) -> float:
    later = np.searchsorted(probe.starts, probe.starts + lag)
    earlier = np.flatnonzero(later < len(probe.starts))
    earlier = earlier[probe.starts[later[earlier]] < probe.starts[earlier] + 2 * lag]
    halves = np.array_split(earlier, 2)
    if len(halves[1]) < LEAST_FOLLOWING:
        return 0.0
    parts = [(probe.changes[half][:, :FOLLOWING], probe.changes[later[half]][:, :FOLLOWING]) for half in halves]
    shares = (explained_by_other(*tested, *fitted) for tested, fitted in (parts, parts[::-1]))
    return min(float(share.mean()) for share in shares)


def with_squares(probe: Probe) -> Probe:
    """A probe that also has the squares of the innovations, for encoders of the size of movements."""
    forward, backward = (
        np.concatenate([rows, rows**2 - (rows**2).mean(axis=0)], axis=1) for rows in (probe.forward, probe.backward)
    )
    return replace(probe, forward=forward, backward=backward)


def dependence_by_offset(probes: Sequence[Probe]) -> tuple[IntArray, FloatArray]:
    """How strongly changes depend on the rows at each offset from the start of the earlier window: offsets and scores.

    A score is the squared covariance of changes and innovations, summed over directions, without each window's product
    with itself: the Hilbert-Schmidt independence criterion with linear kernels (Gretton et al. 2005, unbiased as in
    Song et al. 2012). Fast Fourier transforms compute all offsets at once. Offsets that lie outside the table for most
    windows are left out.
    """
    steps = len(probes[0].forward)
    size = 1 << (2 * steps - 1).bit_length()  # the next power of two
    score = np.zeros(size)
    for probe in probes:
        spikes = np.zeros((2 + probe.changes.shape[1], size), np.float32)
        spikes[0, probe.starts], spikes[1, probe.starts] = 1.0, (probe.changes**2).sum(axis=1)
        spikes[2:, probe.starts] = probe.changes.T
        at_starts = np.conj(fft.rfft(spikes))
        power = fft.rfft((probe.forward**2).sum(axis=1), size)
        score -= fft.irfft(at_starts[1] * power, size)
        for column in probe.forward.T.astype(np.float32):
            score += (fft.irfft(at_starts[2:] * fft.rfft(column, size), size) ** 2).sum(axis=0)
    inside = np.where(np.arange(size) < steps, 1.0, 0.0)
    weight = fft.irfft(at_starts[0] * fft.rfft(inside), size)
    offsets = np.arange(-steps + 1, steps)
    enough = weight[offsets] > 0.5 * len(probes[0].starts)
    return offsets[enough], score[offsets][enough] / weight[offsets][enough]
