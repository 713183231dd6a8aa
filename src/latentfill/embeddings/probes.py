"""What rows of a table bring that is new, what embeddings of its windows bring that is new, and how the two go together.

Windows that start a row apart share all rows but two, so levels, shapes and embeddings of neighbours are nearly the
same: they tell neither which row an embedding ends on nor how sure that is. Both sides are therefore prewhitened before
they are compared (Box and Jenkins, "Time Series Analysis"): of a row stays what the rows before it do not tell, its
innovation; of an embedding what the one before it does not tell. Innovations of different rows have nothing in common, so
each row is known or is not, and windows that overlap do not leak into each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter1d

from latentfill.embeddings.base import VectorArray
from latentfill.embeddings.prompts import decimals_for
from latentfill.gaps import interpolate
from latentfill.series import BoolArray, FloatArray, IntArray

MOST_LAGS = 64  # rows before a row that its innovation leaves out one by one, and means of rows before those
LAG_SHARE = 8  # rows of the table for each coefficient of that regression, at least
SLOW = 49  # rows or windows over which what changes slowly is removed
FLAT = 1e-3  # share of a column's spread below which its innovations are rounding errors
WINSOR = 5.0  # standard deviations beyond which a value is pulled in
BASIS = 1200  # embeddings that principal components are taken from
VALUE_PARTS = 128  # principal components of embeddings that are compared with the values of rows
DIGIT_PARTS = 16  # and with their last digits, which fill the first components where they are known at all


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """What each row of a table brings, (T, Q): what the rows before it, and what the rows after it do not tell."""

    kind: str  # "values" or "digits"
    ahead: FloatArray  # given the rows before
    back: FloatArray  # given the rows after
    parts: int  # principal components of the embeddings to compare with


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """What each embedding brings, (n - 1, R), beside its neighbour."""

    ahead: FloatArray  # of embeddings 1 .. n - 1, given the one before
    back: FloatArray  # of embeddings 0 .. n - 2, given the one after


def table_news(values: FloatArray) -> Iterator[News]:
    """What the rows of a table (T, C) bring in values, and in the last digit they are written with.

    A language model that has read a window's values as text knows the digits of the last one best.
    """
    observed = ~np.isnan(values)
    values = np.nan_to_num(interpolate(values))
    ahead, back = (_innovations(order)[:: 1 - 2 * at] for at, order in enumerate((values, values[::-1])))
    if ahead.shape[1] and back.shape[1]:
        rows = observed.any(axis=1)[:, None]
        yield News("values", ahead * rows, back * rows, VALUE_PARTS)
    digits = last_digits(values, observed)
    if digits.shape[1]:
        yield News("digits", _news(digits), _news(digits[::-1])[::-1], DIGIT_PARTS)


def _innovations(values: FloatArray) -> FloatArray:
    """What each row (T, C) brings that no linear rule tells from the rows before: uncorrelated, of unit spread (T, Q)."""
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    steps, columns = scaled.shape
    if not columns or steps < 4 * LAG_SHARE:
        return np.empty((steps, 0))
    lags = int(np.clip(steps // (LAG_SHARE * columns), 1, MOST_LAGS))
    before = _rows_before(scaled, lags)
    gram = before.T @ before
    gram[np.diag_indices_from(gram)] += 1e-3 * steps
    rest = scaled - before @ np.linalg.solve(gram, before.T @ scaled)
    rest[: 2 * lags] = 0.0  # has no rows before it
    return _fast(whitened(winsorised(rest[:, rest.std(axis=0) > FLAT])))


def _rows_before(scaled: FloatArray, lags: int) -> FloatArray:
    """The rows before each row one by one, then means of rows before those, and 1: (T, lags * C + ...)."""
    steps, columns = scaled.shape
    found = np.zeros((lags + 2, steps, columns))
    for lag in range(1, min(lags, steps - 1) + 1):
        found[lag - 1, lag:] = scaled[:-lag]
    sums = np.concatenate([np.zeros((1, columns)), np.cumsum(scaled, axis=0)])
    for at, (near, far) in enumerate(((lags, 2 * lags), (2 * lags, 4 * lags)), start=lags):
        found[at, far:] = (sums[far - near : -near - 1] - sums[: -far - 1]) / (far - near)
    return np.concatenate([found.transpose(1, 0, 2).reshape(steps, -1), np.ones((steps, 1))], axis=1)


def last_digits(values: FloatArray, observed: BoolArray) -> FloatArray:
    """Whether the last digit of each value is 0, 1 .. 9, as prompts write it: cut to a whole number, or rounded. (T, Q)"""
    found = []
    for column in range(values.shape[1]):
        of_column, known = values[:, column], observed[:, column]
        fine = 10.0 ** decimals_for(float(of_column.std()))
        for whole in (np.trunc(of_column), np.round(of_column * fine)):
            digit = np.where(known, np.abs(np.clip(whole, -1e15, 1e15)) % 10, -1)
            found.append(digit[:, None] == np.arange(10))
    flags = np.concatenate(found, axis=1).astype(np.float64)
    share = flags.mean(axis=0)
    return flags[:, (share > 0.01) & (share < 0.9)]


def novelty(vectors: VectorArray, follows: BoolArray, parts: int) -> Novelty:
    """What embeddings (n, K, D) bring beside their neighbours, in their `parts` leading principal components.

    `follows` (n - 1,): whether an embedding and the next are of windows that follow each other; 0 where they are not.
    """
    flat = vectors.reshape(len(vectors), -1)
    leading = components(flat, follows, parts)
    ahead, back = _news(leading)[1:], _news(leading[::-1])[::-1][:-1]
    return Novelty(*(half_whitened(np.where(follows[:, None], side, 0.0)) for side in (ahead, back)))


def components(flat: VectorArray, follows: BoolArray, parts: int) -> FloatArray:
    """Embeddings (n, D) along the directions (n, R) in which neighbours differ most."""
    pairs = np.flatnonzero(follows)
    pairs = pairs[np.unique(np.linspace(0, len(pairs) - 1, min(len(pairs), BASIS)).astype(np.int64))]
    if not len(pairs):
        return np.empty((len(flat), 0))
    change = flat[pairs + 1] - flat[pairs]
    power, along = np.linalg.eigh((change @ change.T).astype(np.float64))
    kept = np.flatnonzero(power > 1e-6 * max(power[-1], 1e-30))[::-1][:parts]
    directions = change.T @ (along[:, kept] / np.sqrt(power[kept])).astype(np.float32)
    found: FloatArray = ((flat - flat.mean(axis=0)) @ directions).astype(np.float64)
    return found


def _news(values: FloatArray) -> FloatArray:
    """Each column of (T, Q) without what the row before tells of it, and without slow changes; unit spread."""
    centred = values - values.mean(axis=0)
    power = np.maximum((centred**2).sum(axis=0), 1e-300)
    keeps = np.clip((centred[1:] * centred[:-1]).sum(axis=0) / power, 0.0, 1.0)
    rest = np.zeros_like(centred)
    rest[1:] = centred[1:] - keeps * centred[:-1]
    return _fast(rest)


def _fast(values: FloatArray) -> FloatArray:
    """(T, Q) without what changes over more than `SLOW` rows."""
    rest: FloatArray = values - uniform_filter1d(values, SLOW, axis=0, mode="nearest")
    return rest


def winsorised(values: FloatArray) -> FloatArray:
    """(T, Q) with outliers pulled in to `WINSOR` robust standard deviations."""
    most = WINSOR * np.maximum(1.4826 * np.median(np.abs(values), axis=0), 0.2 * values.std(axis=0))
    return np.clip(values, -most, most)


def whitened(values: FloatArray) -> FloatArray:
    """Uncorrelated directions of (T, Q), each of unit spread, but for those with next to none."""
    values = values - values.mean(axis=0)
    power, along = np.linalg.eigh(values.T @ values / len(values))
    kept = power > 1e-4 * power.max(initial=1e-300)
    found: FloatArray = values @ along[:, kept] / np.sqrt(power[kept])
    return found


def half_whitened(values: FloatArray) -> FloatArray:
    """Columns of (n, R) divided by the root of their spread: what is strong counts more, but not by its square."""
    spread = values.std(axis=0)
    return winsorised(values[:, spread > 0] / np.sqrt(spread[spread > 0]))


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How well each row around the windows is known to their embeddings, in standard deviations of chance."""

    first: int  # offset of the first score: rows from the start of a window
    scores: FloatArray
    chance: FloatArray  # scores of the rows that no window has

    def rows(self, first: int, stop: int) -> FloatArray:
        """Scores of the rows at the offsets first .. stop - 1; 0 where they are not known."""
        found = np.zeros(stop - first)
        low, high = max(first, self.first), min(stop, self.first + len(self.scores))
        if low < high:
            found[low - first : high - first] = self.scores[low - self.first : high - self.first]
        return found


def agreement(novel: FloatArray, starts: IntArray, news: FloatArray, inside: tuple[int, int]) -> Agreement:
    """How embeddings' news (n, R), of windows at `starts`, and rows' news (T, Q) go together, by offset of the row.

    The score of an offset is the squared covariance of the two, summed over directions and without each window's
    product with itself: the Hilbert-Schmidt independence criterion with linear kernels (Gretton et al. 2005, unbiased as
    in Song et al. 2012), which centred kernel alignment compares representations by (Kornblith et al. 2019). Rows that
    lie outside `inside`, the first and last offset of a window and what may be taken for it, give its spread by chance.
    """
    steps = len(news)
    size = fft.next_fast_len(2 * steps, real=True)
    spikes = np.zeros((2 + novel.shape[1], size), np.float32)
    spikes[0, starts], spikes[1, starts], spikes[2:, starts] = 1.0, (novel**2).sum(axis=1), novel.T
    at_starts = np.conj(fft.rfft(spikes))
    power = fft.rfft((news**2).sum(axis=1), size)
    weight, own = fft.irfft(at_starts[:2] * power, size)
    score = -own.astype(np.float64)
    for column in news.T.astype(np.float32):
        score += (fft.irfft(at_starts[2:] * fft.rfft(column, size), size) ** 2).sum(axis=0)
    offsets = np.arange(-steps + 1, steps)
    score, weight = score[offsets], weight[offsets]
    enough = np.flatnonzero(weight > 0.5 * np.median(weight[steps - 1 : steps + 50]))
    kept = slice(enough[0], enough[-1] + 1) if len(enough) else slice(0, 0)
    return _by_chance(offsets[kept], score[kept] / np.maximum(weight[kept], 1e-9), inside)


def _by_chance(offsets: IntArray, score: FloatArray, inside: tuple[int, int]) -> Agreement:
    """Scores in units of their spread outside, by the middle of the distribution or by its upper tail."""
    chance = score[(offsets < inside[0]) | (offsets > inside[1])]
    if len(chance) < 30:
        return Agreement(0, np.empty(0), np.empty(0))
    middle = np.median(chance)
    spread = max(
        1.4826 * float(np.median(np.abs(chance - middle))),
        (float(np.quantile(chance, 0.995)) - float(middle)) / 2.58,
        1e-300,
    )
    return Agreement(int(offsets[0]), (score - middle) / spread, (chance - middle) / spread)


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """Which windows are held out together, and which of the others lie far enough away to learn from."""

    held_out: list[NDArray[np.int64]]
    learn: list[NDArray[np.int64]]


def folds(starts: IntArray, gap: int, count: int = 5) -> Folds:
    """Stretches of windows to hold out, and the windows that start at least `gap` rows away from them."""
    held_out = np.array_split(np.arange(len(starts)), count)
    far = [(starts <= starts[part[0]] - gap) | (starts >= starts[part[-1]] + gap) for part in held_out if len(part)]
    return Folds([part for part in held_out if len(part)], [np.flatnonzero(one) for one in far])


def ridge(inputs: FloatArray, targets: FloatArray, strength: float) -> FloatArray:
    """Weights (R, Q) of a ridge regression, its penalty in units of the mean power of the inputs."""
    gram = inputs.T @ inputs
    gram[np.diag_indices_from(gram)] += strength * max(np.trace(gram) / max(len(gram), 1), 1e-12)
    found: FloatArray = np.linalg.solve(gram, inputs.T @ targets)
    return found
