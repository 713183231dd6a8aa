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
from latentfill.strategies.state_space.smoothing import means_given_noise, noise_of_cells
from latentfill.strategies.state_space.stretches import Stretches


def simulate(model: Autoregression, n_steps: int, rng: np.random.Generator, count: int) -> FloatArray:
    """Hidden columns (count, G, T, n) drawn from the prior."""
    g, p, n, _ = model.coefficients.shape
    coefficients = np.concatenate([model.coefficients[:, k] for k in reversed(range(p))], axis=2)  # the last lag first
    columns = np.empty((count, g, p + n_steps, n))
    columns[:, :, :p] = rng.standard_normal((count, g, p, n)) / np.sqrt(START_PRECISION)
    shocks = rng.standard_normal((count, g, n_steps, n)) @ np.linalg.cholesky(model.innovation).swapaxes(1, 2)
    for t in range(n_steps):
        before = columns[:, :, t : t + p].reshape(count, g, p * n, 1)
        columns[:, :, t + p] = (coefficients @ before)[..., 0] + shocks[:, :, t]
    return columns[:, :, p:]


def draw_columns(
    model: Autoregression,
    values: FloatArray,
    deviations: FloatArray,
    degrees: float | None,
    rng: np.random.Generator,
) -> FloatArray:
    """Readings (D, G, T, n) drawn from their posterior, given D series: `values` plus each of `deviations`.

    `values` (G, T, n) are NaN where missing; `deviations` are (D, G, T, n). Which readings are doubtful is judged
    by `values` alone.
    """
    stretches = Stretches.of(values.shape[1])
    noise = noise_of_cells(model, stretches.cut(values), degrees)
    spread = np.sqrt(stretches.join(noise))
    hidden = simulate(model, values.shape[1], rng, len(deviations))
    readings = hidden + spread * rng.standard_normal(hidden.shape)
    differences = np.stack([stretches.cut(difference) for difference in values + deviations - readings])
    corrections = np.stack([stretches.join(mean) for mean in means_given_noise(model, differences, noise)])
    return np.asarray(hidden + corrections + spread * rng.standard_normal(hidden.shape))
