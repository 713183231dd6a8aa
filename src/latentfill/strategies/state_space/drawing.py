"""Random draws of whole series given what was observed.

A series is drawn from the prior, and corrected by the smoothed difference between the readings and what they would have
been of the drawn series (simulation smoothing; Durbin and Koopman 2002). The drawn series is whole, so that a draw runs
on from stretch to stretch.
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.posterior import START_PRECISION
from latentfill.strategies.state_space.smoothing import mean_given_noise, noise_of_cells
from latentfill.strategies.state_space.stretches import Stretches


def simulate(model: Autoregression, n_steps: int, rng: np.random.Generator) -> FloatArray:
    """Hidden columns (G, T, n) drawn from the prior."""
    g, p, n, _ = model.coefficients.shape
    coefficients = np.concatenate([model.coefficients[:, k] for k in reversed(range(p))], axis=2)  # the last lag first
    columns = np.empty((g, p + n_steps, n))
    columns[:, :p] = rng.standard_normal((g, p, n)) / np.sqrt(START_PRECISION)
    columns[:, p:] = rng.standard_normal((g, n_steps, n)) @ np.linalg.cholesky(model.innovation).swapaxes(1, 2)
    for t in range(p, p + n_steps):
        columns[:, t] += (coefficients @ columns[:, t - p : t].reshape(g, p * n, 1))[..., 0]
    return columns[:, p:]


def draw_columns(
    model: Autoregression, values: FloatArray, degrees: float | None, rng: np.random.Generator
) -> FloatArray:
    """Readings (G, T, n) drawn from their posterior, given series (G, T, n), NaN where missing."""
    stretches = Stretches.of(values.shape[1])
    noise = noise_of_cells(model, stretches.cut(values), degrees)

    def smoothed(series: FloatArray) -> FloatArray:
        return stretches.join(mean_given_noise(model, stretches.cut(series), noise))

    spread = np.sqrt(stretches.join(noise))
    hidden = simulate(model, values.shape[1], rng)
    readings = hidden + spread * rng.standard_normal(values.shape)
    return np.asarray(hidden + smoothed(values - readings) + spread * rng.standard_normal(values.shape))
