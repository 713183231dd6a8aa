"""How much of what changes from one embedding to the next is told by what each row of the table brings.

Windows that start a row apart share all rows but two, so their levels, shapes and embeddings are nearly the same, and
an embedding seems to know its neighbour's window as well as its own. Both sides are therefore prewhitened before they
are compared (Box and Jenkins, "Time Series Analysis"): of an embedding stays how it differs from the one before it, of
a row what the rows before it do not tell, its innovation. Innovations of different rows have nothing in common, so each
row is known to the embeddings or is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft, stats
from scipy.linalg import solve_triangular

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.timekd.prompt_values import decimals_for
from latentfill.windows.gaps import interpolate

PAIRS = 2000  # neighbouring windows that are looked at, at most
PARTS = 32  # principal components of the changes
BASIS = 1000  # changes that these are taken from
COLUMNS = 8  # that are looked at, at most
LAGS = 26  # rows before a row that its innovation leaves out, at most
WINSOR = 5.0  # standard deviations beyond which an innovation is pulled in
FLAT = 1e-6  # share of a spread below which there is nothing but rounding
FOLDS = 4
PENALTIES = (0.01, 0.1, 1.0, 10.0)  # of the ridge regression, per window
BLOCKS, LEAST_IN_BLOCK = 20, 10  # of windows that follow each other, for the standard error


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """The changes of one variable's embeddings, and the rows of its column."""

    changes: FloatArray  # (n, R), of unit spread; those along directions in which all splits are told
    starts: IntArray  # (n,), first rows of the earlier of the two windows
    ahead: FloatArray  # (T, F), what each row brings given the rows before it
    back: FloatArray  # (T, F), given the rows after it

    def rows(self, offsets: IntArray, *, back: bool = False) -> FloatArray:
        """What the rows at these offsets from the start of the earlier window bring, (n, B, F); 0 outside the table."""
        news = self.back if back else self.ahead
        rows = self.starts[:, None] + offsets
        inside = (rows >= 0) & (rows < len(news))
        found: FloatArray = np.where(inside[:, :, None], news[np.clip(rows, 0, len(news) - 1)], 0.0)
        return found


def make_probes(
    splits: Sequence[tuple[VectorArray, IntArray]], values: FloatArray, columns: Sequence[int], every: int
) -> list[list[Probe]]:
    """For each split, given by its embeddings (N, K, D) and the rows its windows start at, a probe for each variable.

    `values` (T, C) is the table, `columns` the column of each variable; a single variable may stand for all columns.
    Splits share the directions along which changes are measured. `every` rows lie between windows.
    """
    pairs = [_pairs(starts, every) for _, starts in splits]
    looked_at = spread_over(len(columns), COLUMNS)
    ahead, back = (_news(values[:, [columns[c] for c in looked_at]], reverse=reverse) for reverse in (False, True))
    one_each = splits[0][0].shape[1] == len(columns)
    features = None if one_each else 1  # of many columns together the values are enough to look at
    found: list[list[Probe]] = [[] for _ in splits]
    for at, variable in enumerate(looked_at if one_each else [0]):
        own = slice(at, at + 1) if one_each else slice(None)
        changes = [
            vectors[of + 1, variable] - vectors[of, variable] for (vectors, _), of in zip(splits, pairs, strict=True)
        ]
        directions = _directions(changes)
        for probes, (_, starts), of, change in zip(found, splits, pairs, changes, strict=True):
            rows = (
                np.concatenate([of_column[:, :features] for of_column in news[own]], axis=1) for news in (ahead, back)
            )
            probes.append(Probe(change.astype(np.float64) @ directions, starts[of], *rows))
    return found


def changes_along(vectors: VectorArray) -> FloatArray:
    """The changes from each of the embeddings (N, D) to the next along the directions in which they spread most."""
    changes = np.diff(vectors, axis=0)[spread_over(len(vectors) - 1, PAIRS)]
    return changes.astype(np.float64) @ _directions([changes])


def _pairs(starts: IntArray, every: int) -> IntArray:
    """Windows whose next one starts `every` rows on, spread over all of them."""
    follows = np.flatnonzero(np.diff(starts) == every)
    return follows[spread_over(len(follows), PAIRS)]


def spread_over(count: int, most: int) -> IntArray:
    """At most `most` of the numbers from 0 to `count` - 1, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _directions(splits: Sequence[VectorArray]) -> FloatArray:
    """The directions (D, R) in which changes (n, D) of all splits spread most, in units of that spread."""
    changes = np.concatenate([part[spread_over(len(part), BASIS // len(splits))] for part in splits])
    if not len(changes):
        return np.empty((changes.shape[1], 0))
    changes = changes - changes.mean(axis=0)
    power, along = np.linalg.eigh((changes @ changes.T).astype(np.float64))
    kept = np.flatnonzero(power > 1e-6 * max(power.max(initial=0.0), 1e-30))[::-1][:PARTS]
    found: FloatArray = changes.T.astype(np.float64) @ (along[:, kept] / power[kept]) * np.sqrt(len(changes))
    return found


def _news(values: FloatArray, *, reverse: bool) -> list[FloatArray]:
    """What each row of columns (T, C) brings, (T, F) by column, given the rows before it, or after it.

    That is its value and its last digits: a language model that has read values as text knows those of the last one
    best. They are those of the value cut to a whole number, and of the value as prompts round it.
    """
    values = values[::-1] if reverse else values
    observed = ~np.isnan(values)
    filled = np.nan_to_num(interpolate(values))
    lags = int(np.clip(len(values) // (8 * values.shape[1]), 1, LAGS))
    levels = scaled(filled)
    before = np.concatenate([_later(levels, lag) for lag in range(1, lags + 1)], axis=1)
    found = []
    for c in range(values.shape[1]):
        digits = scaled(_last_digits(filled[:, c]))
        told = np.concatenate([before, _later(digits, 1)], axis=1)
        news = _innovations(np.concatenate([levels[:, c : c + 1], digits], axis=1), told)
        news[~observed[:, c]] = 0.0
        news[:lags] = 0.0  # have no rows before them
        found.append(news[::-1] if reverse else news)
    return found


def _last_digits(values: FloatArray) -> FloatArray:
    """The last digits of values (T,), as points on a circle, (T, 4)."""
    texts = (np.trunc(values), np.round(values * 10.0 ** decimals_for(float(values.std()))))
    angles = [2 * np.pi * (np.abs(np.clip(text, -1e15, 1e15)) % 10) / 10 for text in texts]
    return np.stack([part(angle) for angle in angles for part in (np.cos, np.sin)], axis=1)


def scaled(features: FloatArray) -> FloatArray:
    """Features (T, F) with mean 0 and spread 1; those that do not change are 0."""
    spread = features.std(axis=0)
    changing = spread > FLAT * np.abs(features).max(axis=0, initial=1e-300)
    found: FloatArray = np.where(changing, (features - features.mean(axis=0)) / np.where(changing, spread, 1.0), 0.0)
    return found


def _later(features: FloatArray, lag: int) -> FloatArray:
    """Each row's features (T, F) moved `lag` rows on; 0 where there is none to move."""
    return np.concatenate([np.zeros((lag, features.shape[1])), features])[: len(features)]


def _innovations(features: FloatArray, told: FloatArray) -> FloatArray:
    """What a linear rule does not tell of features (T, F) from `told` (T, P): unit spread, outliers pulled in."""
    gram = told.T @ told
    gram[np.diag_indices_from(gram)] += 1e-3 * len(told)
    rest = features - told @ np.linalg.solve(gram, told.T @ features)
    spread = rest.std(axis=0)
    found: FloatArray = np.where(spread > FLAT, np.clip(rest / np.maximum(spread, FLAT), -WINSOR, WINSOR), 0.0)
    return found


def told_by(probes: Sequence[Probe], offsets: IntArray, *, back: bool = False) -> FloatArray:
    """The share of each change that each row adds to those before it in `offsets`, (B, n), mean over the variables.

    A ridge regression of the changes on what the rows bring, its windows held out; 0 on average for a row that adds
    nothing, or less.
    """
    shares: FloatArray = np.mean([nested(probe.rows(offsets, back=back), probe.changes) for probe in probes], axis=0)
    return shares


def nested(rows: FloatArray, changes: FloatArray) -> FloatArray:
    """What each block of (n, B, F) adds to those before it in telling (n, R), (B, n): at the best penalty of a few.

    All the nested regressions come from one Cholesky factor: its leading blocks are those of the smaller ones.
    """
    n, blocks, size = rows.shape
    flat = rows.reshape(n, -1)
    folds = np.array_split(np.arange(n), FOLDS)
    grams = [(flat[fold].T @ flat[fold], flat[fold].T @ changes[fold]) for fold in folds]
    gram, along = (np.sum(parts, axis=0) for parts in zip(*grams, strict=True))
    found = np.zeros((len(PENALTIES), blocks, n))
    for fold, (own_gram, own_along) in zip(folds, grams, strict=True):
        for at, penalty in enumerate(PENALTIES):
            penalised = gram - own_gram + penalty * (n - len(fold)) * np.eye(len(gram))
            factor = np.linalg.cholesky(penalised)
            weights = solve_triangular(factor, along - own_along, lower=True).reshape(blocks, size, -1)
            inputs = solve_triangular(factor, flat[fold].T, lower=True).reshape(blocks, size, -1)
            found[at, :, fold] = _added(inputs, weights, changes[fold]).T
    best = found.sum(axis=(1, 2)).argmax()
    shares: FloatArray = found[best] / max(changes.shape[1], 1)
    return shares


def _added(inputs: FloatArray, weights: FloatArray, changes: FloatArray) -> FloatArray:
    """How much less the squared error is with each further block, (B, n)."""
    left = changes.copy()
    found = np.empty((len(inputs), len(changes)))
    for block, (of_block, weight) in enumerate(zip(inputs, weights, strict=True)):
        step = of_block.T @ weight
        found[block] = (step * (2 * left - step)).sum(axis=1)
        left -= step
    return found


def told_from(probes: Sequence[Probe], others: Sequence[Probe], offsets: IntArray) -> FloatArray:
    """The share of each change of `probes` that the regression of `others` tells, (n,); below 0 where it misleads."""
    pairs = zip(probes, others, strict=True)
    shares: FloatArray = np.mean(
        [_carried(a.rows(offsets), a.changes, b.rows(offsets), b.changes) for a, b in pairs], axis=0
    )
    return shares


def _carried(rows: FloatArray, changes: FloatArray, other_rows: FloatArray, other_changes: FloatArray) -> FloatArray:
    """What weights that are learnt on the others tell of changes (n, R), (n,): at the best penalty of a few."""
    inputs, learnt = (part.reshape(len(part), -1) for part in (rows, other_rows))
    gram, along = learnt.T @ learnt, learnt.T @ other_changes
    guesses = (
        inputs @ np.linalg.solve(gram + penalty * len(learnt) * np.eye(len(gram)), along) for penalty in PENALTIES
    )
    shares = [(guess * (2 * changes - guess)).sum(axis=1) / max(changes.shape[1], 1) for guess in guesses]
    return max(shares, key=lambda share: float(share.mean()))


def chance_of(values: FloatArray) -> FloatArray:
    """The probability that means over windows (..., n) as high as these come from ones that are 0, by a t-test."""
    mean, error, blocks = _by_blocks(values)
    found: FloatArray = stats.t.sf(mean / error, blocks - 1)
    return found


def error_of(values: FloatArray) -> FloatArray:
    """The standard error of means over windows (..., n)."""
    return _by_blocks(values)[1]


def _by_blocks(values: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """Mean, its standard error, and over how many blocks of windows: neighbouring ones are not independent."""
    n = values.shape[-1]
    blocks = int(np.clip(n // LEAST_IN_BLOCK, 2, BLOCKS))
    means = np.stack([part.mean(axis=-1) for part in np.array_split(values, blocks, axis=-1)], axis=-1)
    return means.mean(axis=-1), np.maximum(means.std(axis=-1, ddof=1) / np.sqrt(blocks), 1e-300), blocks


def agreement(probes: Sequence[Probe]) -> tuple[IntArray, FloatArray]:
    """How well the rows at each offset from the start of the earlier window go with the changes: offsets, scores.

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
