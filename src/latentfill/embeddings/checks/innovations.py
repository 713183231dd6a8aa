"""Innovations: what each row of a table brings that the rows before it, or after it, do not predict.

Both sides of the comparison with embeddings are prewhitened (Box and Jenkins, "Time Series Analysis"), as the rows of a
table are alike: innovations of different rows are nearly independent, so a row is either known to an embedding or not.
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.embeddings.timekd.prompt_values import decimals_for
from latentfill.windows.gaps import interpolate

LAGS = 26  # rows before a row, at most, from which it is predicted
WINSOR = 5.0  # standard deviations beyond which an innovation is pulled in
FLAT = 1e-6  # share of a spread below which there is nothing but rounding


def innovations(values: FloatArray, *, reverse: bool) -> list[FloatArray]:
    """For each column of a table (T, C) its innovations (T, F), given the rows before; with `reverse`, those after.

    The features F are the value and its last digits, as a language model that has read values as text knows the last
    digits best: those of the value cut to a whole number, and of the value rounded as in prompts.
    """
    values = values[::-1] if reverse else values
    observed = ~np.isnan(values)
    filled = np.nan_to_num(interpolate(values))
    lags = int(np.clip(len(values) // (8 * values.shape[1]), 1, LAGS))
    levels = standardised(filled)
    before = np.concatenate([_lagged(levels, lag) for lag in range(1, lags + 1)], axis=1)
    found = []
    for c in range(values.shape[1]):
        digits = standardised(_last_digits(filled[:, c]))
        inputs = np.concatenate([before, _lagged(digits, 1)], axis=1)
        of_column = _residuals(np.concatenate([levels[:, c : c + 1], digits], axis=1), inputs)
        of_column[~observed[:, c]] = 0.0
        of_column[:lags] = 0.0  # too few rows lie before them
        found.append(of_column[::-1] if reverse else of_column)
    return found


def _last_digits(values: FloatArray) -> FloatArray:
    """The last digits of values (T,), as points on a circle, (T, 4)."""
    rounded = (np.trunc(values), np.round(values * 10.0 ** decimals_for(float(values.std()))))
    angles = [2 * np.pi * (np.abs(np.clip(numbers, -1e15, 1e15)) % 10) / 10 for numbers in rounded]
    return np.stack([part(angle) for angle in angles for part in (np.cos, np.sin)], axis=1)


def standardised(features: FloatArray) -> FloatArray:
    """Features (T, F) with mean 0 and standard deviation 1; constant ones become 0."""
    spread = features.std(axis=0)
    changing = spread > FLAT * np.abs(features).max(axis=0, initial=1e-300)
    found: FloatArray = np.where(changing, (features - features.mean(axis=0)) / np.where(changing, spread, 1.0), 0.0)
    return found


def _lagged(features: FloatArray, lag: int) -> FloatArray:
    """The features (T, F) of `lag` rows before each row; 0 before the first row."""
    return np.concatenate([np.zeros((lag, features.shape[1])), features])[: len(features)]


def _residuals(features: FloatArray, inputs: FloatArray) -> FloatArray:
    """Residuals of features (T, F) regressed on inputs (T, P), scaled to unit spread, with outliers pulled in."""
    gram = inputs.T @ inputs
    gram[np.diag_indices_from(gram)] += 1e-3 * len(inputs)
    rest = features - inputs @ np.linalg.solve(gram, inputs.T @ features)
    spread = rest.std(axis=0)
    found: FloatArray = np.where(spread > FLAT, np.clip(rest / np.maximum(spread, FLAT), -WINSOR, WINSOR), 0.0)
    return found
