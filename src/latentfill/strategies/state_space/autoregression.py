"""Vector autoregressions that are observed with noise, and their regression on completed series."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentfill.core.series import FloatArray

LEAST_INNOVATION = 1e-6  # added to the variance of every innovation, in variances of the column
LEAST_GRAM = 1e-9  # share of its trace that is added to a matrix of sums of products before it is inverted
LARGEST_ROOT = 0.9999  # the coefficients of an explosive autoregression are shrunk to this spectral radius


class Autoregression(NamedTuple):
    """G independent groups of n hidden columns, x(t) = sum over k of `coefficients[k - 1]` x(t - k) + e(t).

    They are observed as y(t) = x(t) + noise.
    """

    coefficients: FloatArray  # (G, p, n, n) for lags 1 to p
    innovation: FloatArray  # (G, n, n) covariance of e(t)
    noise: FloatArray  # (G, n) variance of the noise

    @property
    def lags(self) -> int:
        """p."""
        return int(self.coefficients.shape[1])

    def precision(self) -> FloatArray:
        """What one innovation adds to the precision of (x(t - p), ..., x(t)), shape (G, (p + 1) n, (p + 1) n)."""
        g, _, n, _ = self.coefficients.shape
        one = np.broadcast_to(np.eye(n), (g, n, n))
        row = np.concatenate([*(-self.coefficients[:, k] for k in reversed(range(self.lags))), one], axis=2)
        precision = row.swapaxes(1, 2) @ np.linalg.solve(self.innovation, row)
        return np.asarray((precision + precision.swapaxes(1, 2)) / 2)

    def stable(self) -> Autoregression:
        """The same autoregressions, with coefficients shrunk to a spectral radius of at most `LARGEST_ROOT`."""
        g, p, n, _ = self.coefficients.shape
        companion = np.repeat(np.eye(p * n, k=-n)[None], g, axis=0)
        companion[:, :n] = np.concatenate([self.coefficients[:, k] for k in range(p)], axis=2)
        radius = np.abs(np.linalg.eigvals(companion)).max(axis=1)
        shrink = np.minimum(1.0, LARGEST_ROOT / np.maximum(radius, LARGEST_ROOT))[:, None] ** np.arange(1, p + 1)
        return self._replace(coefficients=self.coefficients * shrink[..., None, None])


class LaggedProducts(NamedTuple):
    """Sums over time of products of the columns of G series and their p lags."""

    lagged: FloatArray  # (G, p n, p n) products of the lags, the shortest lag first
    cross: FloatArray  # (G, p n, n) products of the lags with the columns
    own: FloatArray  # (G, n, n) products of the columns
    steps: int  # number of steps that were summed over

    @classmethod
    def of(cls, series: FloatArray, lags: int) -> LaggedProducts:
        """The sums over all steps of series (G, T, n) that have `lags` steps before them."""
        length = series.shape[1]
        now = series[:, lags:]
        before = np.concatenate([series[:, lags - k : length - k] for k in range(1, lags + 1)], axis=2)
        turned, now_turned = before.swapaxes(1, 2), now.swapaxes(1, 2)
        return cls(turned @ before, turned @ now, now_turned @ now, length - lags)


def regress(products: LaggedProducts, ridge: float) -> tuple[FloatArray, FloatArray]:
    """Coefficients (G, p, n, n) and innovation covariances (G, n, n) by a ridge regression.

    The ridge, in steps, shrinks the coefficients towards those of each column's regression on itself alone, so that
    unrelated columns stay apart (as the prior of Litterman 1986, "Forecasting with Bayesian vector autoregressions").
    """
    lagged, cross, own, steps = products
    g, pn, n = cross.shape
    alone = _own_coefficients(lagged, cross)
    penalty = ridge + LEAST_GRAM * np.trace(lagged, axis1=1, axis2=2)
    gram = lagged + penalty[:, None, None] * np.eye(pn)
    coefficients = alone + np.linalg.solve(gram, cross - lagged @ alone)
    product = cross.swapaxes(1, 2) @ coefficients
    squares = coefficients.swapaxes(1, 2) @ lagged @ coefficients
    innovation = (own - product - product.swapaxes(1, 2) + squares) / max(steps, 1)
    innovation = (innovation + innovation.swapaxes(1, 2)) / 2 + LEAST_INNOVATION * np.eye(n)
    return np.ascontiguousarray(coefficients.reshape(g, -1, n, n).swapaxes(2, 3)), np.asarray(innovation)


def _own_coefficients(lagged: FloatArray, cross: FloatArray) -> FloatArray:
    """Coefficients (G, p n, n) of each column's regression on its own lags alone."""
    _, pn, n = cross.shape
    p = pn // n
    column = np.arange(n)[:, None]
    own = column + n * np.arange(p)  # (n, p)
    gram = lagged[:, own[:, :, None], own[:, None, :]]
    least = LEAST_GRAM * np.maximum(np.trace(gram, axis1=2, axis2=3), 1.0)[..., None, None]
    solved = np.linalg.solve(gram + least * np.eye(p), cross[:, own, column][..., None])
    coefficients = np.zeros_like(cross)
    coefficients[:, own, column] = solved[..., 0]
    return coefficients
