"""Innovations: the part of each row of a table that the rows before it (or after it) do not predict.

Consecutive rows are alike, so rows are prewhitened before they are compared with embeddings (Box and Jenkins, "Time
Series Analysis"). Innovations of different rows are nearly independent, so a test can tell which rows are encoded.
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.embeddings.timekd.prompt_values import decimals_for
from latentfill.windows.gaps import interpolate

LAGS = 26  # previous rows, at most, from which a row is predicted
WINSOR = 5.0  # standard deviations to which larger innovations are clipped
FLAT = 1e-6  # relative spread below which there is nothing but rounding


def innovations(values: FloatArray, *, reverse: bool) -> list[FloatArray]:
    """Innovations (T, F) of each column of a table (T, C), given the rows before; with `reverse`, the rows after.

    The F features are the value, and as angles the last digits of the truncated value and of the value rounded as in
    prompts: a language model that has read values as text encodes the last digits best.
    """
    values = values[::-1] if reverse else values
    observed = ~np.isnan(values)
    filled = np.nan_to_num(interpolate(values))
    lags = int(np.clip(len(values) // (8 * values.shape[1]), 1, LAGS))
    levels = standardised(filled)
    before = np.concatenate([_lagged(levels, lag) for lag in range(1, lags + 1)], axis=1)
    by_column = []
    for c in range(values.shape[1]):
        digits = standardised(_last_digits(filled[:, c]))
        inputs = np.concatenate([before, _lagged(digits, 1)], axis=1)
        residuals = _residuals(np.concatenate([levels[:, c : c + 1], digits], axis=1), inputs)
        residuals[~observed[:, c]] = 0.0
        residuals[:lags] = 0.0  # there are too few rows before them
        by_column.append(residuals[::-1] if reverse else residuals)
    return by_column


def _last_digits(values: FloatArray) -> FloatArray:
    """The last digits of values (T,), truncated and rounded, as points on a circle, (T, 4)."""
    rounded = (np.trunc(values), np.round(values * 10.0 ** decimals_for(float(values.std()))))
    angles = [2 * np.pi * (np.abs(np.clip(numbers, -1e15, 1e15)) % 10) / 10 for numbers in rounded]
    return np.stack([part(angle) for angle in angles for part in (np.cos, np.sin)], axis=1)


def standardised(features: FloatArray) -> FloatArray:
    """Features (T, F) with mean 0 and standard deviation 1; constant ones become 0."""
    spread = features.std(axis=0)
    changing = spread > FLAT * np.abs(features).max(axis=0, initial=1e-300)
    result: FloatArray = np.where(changing, (features - features.mean(axis=0)) / np.where(changing, spread, 1.0), 0.0)
    return result


def _lagged(features: FloatArray, lag: int) -> FloatArray:
    """The features (T, F) of `lag` rows before each row; 0 before the first row."""
    return np.concatenate([np.zeros((lag, features.shape[1])), features])[: len(features)]


def _residuals(features: FloatArray, inputs: FloatArray) -> FloatArray:
    """Residuals of features (T, F) regressed on inputs (T, P), scaled to unit spread, with outliers clipped."""
    gram = inputs.T @ inputs
    gram[np.diag_indices_from(gram)] += 1e-3 * len(inputs)
    rest = features - inputs @ np.linalg.solve(gram, inputs.T @ features)
    spread = rest.std(axis=0)
    residuals: FloatArray = np.where(spread > FLAT, np.clip(rest / np.maximum(spread, FLAT), -WINSOR, WINSOR), 0.0)
    return residuals
