"""The hidden columns of autoregressions given what was observed: mean, variance and random draws.

The precision of all hidden cells of a stretch is banded by blocks: only steps at most p apart share an innovation. An
observed cell adds to the diagonal, so the number and the length of gaps cost nothing. One banded Cholesky factorisation
gives the mean, and draws by one more triangular solve (Rue and Held 2005, "Gaussian Markov random fields", ch. 2); the
variances follow from the factor backwards in time (Takahashi's recursion; Rauch, Tung and Striebel 1965).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray

STEPS_AT_ONCE = 64  # whose conditional distributions are held at once
START_PRECISION = 1.0  # of every cell of the p steps before a stretch


class NotPositiveDefiniteError(ArithmeticError):
    """The precision of the hidden cells has lost positive definiteness to rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """B independent stretches of L steps of n hidden columns in each of G groups, given their observations."""

    mean: FloatArray  # (G, B, L, n)
    factor: FloatArray  # ((p + 1) n, G B (p + L) n) lower Cholesky factor of the precision, in LAPACK's banded form

    @classmethod
    def given(cls, transition: FloatArray, information: FloatArray, weighted: FloatArray) -> Posterior:
        """The posterior for innovations that add `transition` (G, (p + 1) n, (p + 1) n) to the precision.

        The observations add `information` to the precision of each step: (G, B, L, n) for its diagonal, or
        (G, B, L, n, n). `weighted` (G, B, L, n) are the observations times their precision, 0 where missing.
        """
        from scipy.linalg import lapack

        _, b, length, n = weighted.shape
        band = _band(transition, b, length, n)
        p = band.shape[2] - length
        _add_information(band[:, :, p:], information)
        factor, failed = lapack.dpbtrf(band.reshape(-1, band.shape[-1]).T, lower=1, overwrite_ab=1)
        if failed or not np.isfinite(factor[0]).all():
            raise NotPositiveDefiniteError
        return cls(_solve(factor, weighted), factor)

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """The hidden columns (G, B, L, n) drawn at random from the posterior."""
        from scipy.linalg import blas

        g, b, length, n = self.mean.shape
        normal = rng.standard_normal(self.factor.shape[1])
        error = blas.dtbsv(len(self.factor) - 1, self.factor, normal, lower=1, trans=1)
        return np.asarray(self.mean + error.reshape(g, b, -1, n)[:, :, -length:])

    def solve(self, weighted: FloatArray) -> FloatArray:
        """Means (G, B, L, n) for other observations of the same cells: `weighted` as in `given`."""
        return _solve(self.factor, weighted)

    def variance(self) -> FloatArray:
        """Variances (G, B, L, n) of the hidden cells."""
        g, b, length, n = self.mean.shape
        variance = np.empty((g * b, length, n))
        for step, covariance in self._covariances():
            variance[:, step] = np.diagonal(covariance, axis1=1, axis2=2)
        return variance.reshape(g, b, length, n)

    def variance_of(self, loadings: FloatArray) -> FloatArray:
        """Variances (G, B, L, C) of C sums of the hidden columns, each weighted by `loadings` (C, n)."""
        g, b, length, _ = self.mean.shape
        variance = np.empty((g * b, length, len(loadings)))
        for step, covariance in self._covariances():
            variance[:, step] = ((loadings @ covariance) * loadings).sum(axis=2)
        return variance.reshape(g, b, length, -1)

    def _covariances(self) -> Iterator[tuple[int, FloatArray]]:
        """Each step, from the last to the first, and the covariance (G B, n, n) of its hidden cells."""
        m, (g, b, length, n) = len(self.factor), self.mean.shape
        later = np.zeros((g * b, m - n, m - n))  # covariance of the p steps that follow
        window = np.empty((g * b, m, m))
        for first in reversed(range(0, length, STEPS_AT_ONCE)):
            given_later, coupling = self._conditionals(first, min(first + STEPS_AT_ONCE, length))
            for step in reversed(range(given_later.shape[1])):
                shared = coupling[:, step] @ later
                window[:, :n, :n] = given_later[:, step] + shared @ coupling[:, step].swapaxes(1, 2)
                window[:, :n, n:], window[:, n:, :n] = -shared, -shared.swapaxes(1, 2)
                window[:, n:, n:] = later
                yield first + step, window[:, :n, :n]
                rounded = window[:, :-n, :-n]
                later = (rounded + rounded.swapaxes(1, 2)) / 2  # else rounding errors grow without bound

    def _conditionals(self, first: int, last: int) -> tuple[FloatArray, FloatArray]:
        """Of the steps from `first` to before `last`, each given the p later ones, with S = last - first.

        Their covariance (G B, S, n, n), and minus the coefficients (G B, S, n, p n).
        """
        m, (g, b, length, n) = len(self.factor), self.mean.shape
        every = self.factor.T.reshape(g * b, -1, n, m)
        before = every.shape[1] - length
        columns = every[:, before + first : before + last]
        lower = np.zeros((*columns.shape[:2], m, n))
        for j in range(n):
            lower[:, :, j:, j] = columns[:, :, j, : m - j]
        root = np.linalg.inv(lower[:, :, :n])
        coupling = root.swapaxes(2, 3) @ lower[:, :, n:].swapaxes(2, 3)
        return root.swapaxes(2, 3) @ root, coupling


def _solve(factor: FloatArray, weighted: FloatArray) -> FloatArray:
    """Means (G, B, L, n) from the factor of the precision and weighted observations (G, B, L, n)."""
    from scipy.linalg import lapack

    g, b, length, n = weighted.shape
    p = len(factor) // n - 1
    right = np.zeros((g, b, p + length, n))
    right[:, :, p:] = weighted
    solved, _ = lapack.dpbtrs(factor, right.reshape(-1, 1), lower=1)
    return np.asarray(solved.reshape(right.shape)[:, :, p:])


def _band(transition: FloatArray, b: int, length: int, n: int) -> FloatArray:
    """The prior precision, (G, B, p + L, n, (p + 1) n): per column of the matrix, from the diagonal downwards."""
    g, m, _ = transition.shape
    p = m // n - 1
    one = np.zeros((g, p + length, n, m))
    one[:, :p, :, 0] = START_PRECISION
    for k in range(p + 1):
        pattern = np.zeros((g, n, m))
        for j in range(n):
            pattern[:, j, : m - k * n - j] = transition[:, k * n + j :, k * n + j]
        one[:, k : k + length] += pattern[:, None]
    return np.repeat(one[:, None], b, axis=1)


def _add_information(band: FloatArray, information: FloatArray) -> None:
    """Add the information of observations to the steps of a band (G, B, L, n, (p + 1) n) in place."""
    if information.ndim == 4:
        band[..., 0] += information
        return
    n = information.shape[-1]
    for j in range(n):
        band[..., j, : n - j] += information[..., j:, j]
