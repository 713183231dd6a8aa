"""Smoothing: the hidden columns behind series with gaps, for known autoregressions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.posterior import Posterior

WEIGHING_ROUNDS = 3  # rounds in which the weights of doubtful readings are updated
MOST_NUMBERS = 1 << 21  # numbers in the banded matrix of the stretches that are smoothed at once


class Smoothed(NamedTuple):
    """The hidden columns of B stretches of G groups, all (G, B, L, n)."""

    mean: FloatArray
    variance: FloatArray
    noise: FloatArray  # variance of the noise of each cell; that of a doubtful reading is larger


class Drawn(NamedTuple):
    """The hidden columns of B stretches of G groups, all (G, B, L, n)."""

    mean: FloatArray
    draw: FloatArray  # drawn at random from the posterior


def smooth(model: Autoregression, values: FloatArray, degrees: float | None) -> Smoothed:
    """Posterior mean and variance of the columns behind `values` (G, B, L, n), NaN where missing.

    `degrees` are the degrees of freedom of the noise, see `cell_noise`; None for Gaussian noise.
    """
    result = Smoothed(*(np.empty(values.shape) for _ in Smoothed._fields))
    for group, part in _batches(values.shape, model.lags):
        one = Autoregression(*(parameter[group] for parameter in model))
        for whole, piece in zip(result, _smooth(one, values[group, part], degrees), strict=True):
            whole[group, part] = piece
    return result


def smoothed_mean(model: Autoregression, values: FloatArray, degrees: float | None) -> FloatArray:
    """The posterior mean alone, as in `smooth`, in a fraction of the time."""
    return np.asarray(means_given_noise(model, values[None], noise_of_cells(model, values, degrees))[0])


def noise_of_cells(model: Autoregression, values: FloatArray, degrees: float | None) -> FloatArray:
    """Variance of the noise of each cell of `values` (G, B, L, n); that of a doubtful reading is larger."""
    noise = np.empty(values.shape)
    for group, part in _batches(values.shape, model.lags):
        one = Autoregression(*(parameter[group] for parameter in model))
        noise[group, part] = _noise_of_cells(one, values[group, part], degrees)
    return noise


def means_given_noise(model: Autoregression, several: FloatArray, noise: FloatArray) -> FloatArray:
    """Posterior means of the columns behind `several` series (D, G, B, L, n), for the noise of each cell (G, B, L, n).

    All series are missing in the cells in which the first is.
    """
    means = np.empty(several.shape)
    for group, part in _batches(noise.shape, model.lags):
        transition = Autoregression(*(parameter[group] for parameter in model)).precision()
        posterior = _posterior(transition, several[0, group, part], noise[group, part])
        means[0, group, part] = posterior.mean
        for mean, values in zip(means[1:, group, part], several[1:, group, part], strict=True):
            mean[:] = posterior.solve(_weighted(values, noise[group, part]))
    return means


def draw(model: Autoregression, values: FloatArray, noise: FloatArray, rng: np.random.Generator) -> Drawn:
    """Posterior mean and a random draw of the columns behind `values` (G, B, L, n), for the noise of each cell."""
    result = Drawn(*(np.empty(values.shape) for _ in Drawn._fields))
    for group, part in _batches(values.shape, model.lags):
        transition = Autoregression(*(parameter[group] for parameter in model)).precision()
        posterior = _posterior(transition, values[group, part], noise[group, part])
        result.mean[group, part], result.draw[group, part] = posterior.mean, posterior.draw(rng)
    return result


def cell_noise(noise: FloatArray, squares: FloatArray, degrees: float | None) -> FloatArray:
    """Variance of the noise (..., n) of each cell, given its squared distance from the hidden column; NaN if missing.

    Under Student's t with few degrees of freedom, a reading far off has a large variance, so that it counts little
    (Lange, Little and Taylor 1989).
    """
    if degrees is None:
        return np.asarray(np.broadcast_to(noise, squares.shape))
    return np.asarray(noise * (degrees + np.nan_to_num(squares) / noise) / (degrees + 1))


def _batches(shape: tuple[int, ...], lags: int) -> Iterator[tuple[slice, slice]]:
    """Slices of the groups, and of the stretches of each, that fit into `MOST_NUMBERS`; at least one of each."""
    g, b, length, n = shape
    fitting = max(1, MOST_NUMBERS // ((length + lags) * n * n * (lags + 1)))
    groups = max(1, fitting // b)
    for group in range(0, g, groups):
        for part in range(0, b, fitting):
            yield slice(group, group + groups), slice(part, part + fitting)


def _smooth(model: Autoregression, values: FloatArray, degrees: float | None) -> Smoothed:
    posterior, noise = _weighed_posterior(model, values, degrees)
    return Smoothed(posterior.mean, posterior.variance(), noise)


def _weighed_posterior(
    model: Autoregression, values: FloatArray, degrees: float | None
) -> tuple[Posterior, FloatArray]:
    """The posterior, and the variance of the noise of each cell."""
    noise = _noise_of_cells(model, values, degrees)
    return _posterior(model.precision(), values, noise), noise


def _noise_of_cells(model: Autoregression, values: FloatArray, degrees: float | None) -> FloatArray:
    """Variance of the noise of each cell, which depends on how far off the reading is."""
    transition, scale = model.precision(), model.noise[:, None, None]
    noise = cell_noise(scale, np.zeros_like(values), None)
    for _ in range(WEIGHING_ROUNDS if degrees is not None else 0):
        mean = _posterior(transition, values, noise).mean
        noise = cell_noise(scale, (values - mean) ** 2, degrees)
    return noise


def _posterior(transition: FloatArray, values: FloatArray, noise: FloatArray) -> Posterior:
    information = np.where(np.isnan(values), 0.0, 1 / noise)
    return Posterior.given(transition, information, _weighted(values, noise))


def _weighted(values: FloatArray, noise: FloatArray) -> FloatArray:
    """Readings times their precision, 0 where missing."""
    return np.where(np.isnan(values), 0.0, values / noise)
