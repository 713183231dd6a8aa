"""Arrays as JSON values that a page decodes: base64 of little-endian numbers, with as few bytes as lose nothing."""

from __future__ import annotations

import base64

import numpy as np

from latentfill.core.series import FloatArray

MOST_DECIMALS = 6  # that are looked for in a column, and shown
NEARLY_ALL = 0.99  # share of the values of a column that its decimals must hold exactly
DIGITS = 6  # significant ones of values whose decimals do not show how exact they are


def encode(values: FloatArray, decimals: int) -> dict[str, str]:
    """An array (N,) of numbers that are shown with some `decimals`; NaN stays NaN."""
    single = values.astype("<f4").astype(float)
    exact = np.array_equal(np.round(single, decimals), np.round(values, decimals), equal_nan=True)
    return encode_roughly(values) if exact else _encoded(values, "f8")


def encode_roughly(values: FloatArray) -> dict[str, str]:
    """An array (N,) with seven significant digits."""
    return _encoded(values, "f4")


def _encoded(values: FloatArray, kind: str) -> dict[str, str]:
    return {"type": kind, "base64": base64.b64encode(values.astype(f"<{kind}").tobytes()).decode("ascii")}


def decimals_of(values: FloatArray) -> int:
    """The decimals that nearly all values (N,) have, NaN left out; with more than six, those of six digits."""
    known = np.abs(values[~np.isnan(values)])
    for decimals in range(MOST_DECIMALS + 1):
        if not len(known) or np.mean(np.abs(np.round(known, decimals) - known) <= 1e-9 * known) >= NEARLY_ALL:
            return decimals
    typical = float(np.median(known))
    return int(np.clip(DIGITS - 1 - np.floor(np.log10(typical)), 0, 12)) if typical > 0 else DIGITS
