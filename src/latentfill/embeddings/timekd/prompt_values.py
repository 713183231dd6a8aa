"""Writes values of windows as text: gaps are filled roughly, numbers rounded or truncated."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from functools import partial

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.encoder_settings import MOST_DECIMALS, PromptStyle, RoughFill
from latentfill.windows.gaps import interpolate

EXACT = Context(prec=400)  # digits, enough for any float


def value_texts(values: FloatArray, unit: FloatArray, style: PromptStyle) -> list[list[list[str]]]:
    """The values (B, L, C) as texts, indexed by window, column and step; `unit` (C,) are standard deviations."""
    filled = rough_filled(values, style.rough_fill)
    columns = []
    for column in range(values.shape[2]):
        decimals = decimals_for(float(unit[column])) if style.decimals is None else style.decimals
        write = partial(_number_text, decimals=decimals, truncate=style.truncate)
        windows = filled[:, :, column].tolist()
        columns.append([[style.missing_word if math.isnan(v) else write(v) for v in window] for window in windows])
    return [list(window) for window in zip(*columns, strict=True)]


def decimals_for(unit: float) -> int:
    """The number of decimals that show two significant digits of a standard deviation `unit`."""
    if not 0 < unit < math.inf:
        return 0
    return min(max(0, 1 - math.floor(math.log10(unit))), MOST_DECIMALS)


def rough_filled(values: FloatArray, rough_fill: RoughFill) -> FloatArray:
    """Windows (B, L, C) with every gap filled from the observed cells of the same window and column, or with 0.

    With "word", gaps stay NaN. Otherwise columns without an observed cell in the window become 0. With "smooth", the
    windows come filled.
    """
    if rough_fill == "word":
        return values
    missing = np.isnan(values)
    filled = np.zeros_like(values)
    if rough_fill == "linear":
        filled = np.nan_to_num(interpolate(values))
    elif rough_fill == "mean":
        count = np.maximum((~missing).sum(axis=1, keepdims=True), 1)
        filled = filled + np.where(missing, 0.0, values).sum(axis=1, keepdims=True) / count
    return np.where(missing, filled, values)


def _number_text(value: float, decimals: int, *, truncate: bool) -> str:
    """Text of a value, rounded or truncated to `decimals` decimals, and never a negative zero."""
    rounding = ROUND_DOWN if truncate else ROUND_HALF_EVEN
    text = str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding, EXACT))
    return text.removeprefix("-") if not text.strip("-0.") else text
