"""Filtering: the hidden columns given the readings up to each step, and none of the later ones (Kalman 1960)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.posterior import START_PRECISION
from latentfill.strategies.state_space.smoothing import Smoothed, cell_noise


class Filtered(NamedTuple):
    """The hidden columns of B stretches of G groups at each step, all (G, B, L, n)."""

    predicted: FloatArray  # mean given the steps before
    predicted_variance: FloatArray
    mean: FloatArray  # given the steps before and the step itself
    variance: FloatArray


def filter_readings(model: Autoregression, values: FloatArray, degrees: float | None) -> Smoothed:
    """Like `smooth`, but each step of `values` (G, B, L, n) sees only readings of earlier steps and its own.

    With noise of few `degrees` of freedom, a reading is doubtful if it is far from what the steps before predict.
    """
    noise = cell_noise(model.noise[:, None, None], np.zeros_like(values), None)
    filtered = filtered_columns(model, *_information(values, noise))
    if degrees is not None:
        squares = np.maximum((values - filtered.predicted) ** 2 - filtered.predicted_variance, 0.0)
        noise = cell_noise(model.noise[:, None, None], squares, degrees)
        filtered = filtered_columns(model, *_information(values, noise))
    return Smoothed(filtered.mean, filtered.variance, noise)


def filtered_columns(model: Autoregression, information: FloatArray, weighted: FloatArray) -> Filtered:
    """The hidden columns for observations with `information` (G, B, L, n, n), see `Posterior.given`."""
    g, b, length, n = weighted.shape
    coefficients = np.concatenate([model.coefficients[:, k] for k in range(model.lags)], axis=2)[:, None]
    state = np.zeros((g, b, model.lags * n))  # the p steps before, the last one first
    covariance = np.broadcast_to(np.eye(model.lags * n) / START_PRECISION, (g, b, *(2 * (model.lags * n,))))
    result = Filtered(*(np.empty(weighted.shape) for _ in Filtered._fields))
    for t in range(length):
        state, covariance = _predict(coefficients, model.innovation[:, None], state, covariance)
        result.predicted[:, :, t], result.predicted_variance[:, :, t] = _now(state, covariance, n)
        state, covariance = _update(state, covariance, information[:, :, t], weighted[:, :, t])
        result.mean[:, :, t], result.variance[:, :, t] = _now(state, covariance, n)
    return result


def _predict(
    coefficients: FloatArray, innovation: FloatArray, state: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of the steps shifted by one, the new step first."""
    n = innovation.shape[-1]
    new = (coefficients @ state[..., None])[..., 0]
    cross = coefficients @ covariance
    shifted = np.empty(covariance.shape)
    shifted[..., :n, :n] = cross @ coefficients.swapaxes(2, 3) + innovation
    shifted[..., :n, n:] = cross[..., :-n]
    shifted[..., n:, :n] = cross[..., :-n].swapaxes(2, 3)
    shifted[..., n:, n:] = covariance[..., :-n, :-n]
    return np.concatenate([new, state[..., :-n]], axis=-1), shifted


def _update(
    state: FloatArray, covariance: FloatArray, information: FloatArray, weighted: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance given observations of the newest step: `information` (..., n, n), `weighted` (..., n)."""
    n = weighted.shape[-1]
    with_now = covariance[..., :n]
    missing = np.eye(n) + information @ with_now[..., :n, :]
    surprise = weighted - (information @ state[..., :n, None])[..., 0]
    mean = state + (with_now @ np.linalg.solve(missing, surprise[..., None]))[..., 0]
    reduced = covariance - with_now @ np.linalg.solve(missing, information @ with_now.swapaxes(2, 3))
    return mean, (reduced + reduced.swapaxes(2, 3)) / 2


def _now(state: FloatArray, covariance: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the newest step."""
    return state[..., :n], np.diagonal(covariance, axis1=2, axis2=3)[..., :n]


def _information(values: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Information (G, B, L, n, n) and weighted readings (G, B, L, n)."""
    observed = ~np.isnan(values)
    precision = np.where(observed, 1 / noise, 0.0)
    return precision[..., None] * np.eye(values.shape[-1]), np.where(observed, values, 0.0) * precision
