"""Values of a window as text: gaps filled roughly, numbers rounded or truncated."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from functools import partial
from typing import Literal, get_args

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray
from latentfill.windows.gaps import interpolate

RoughFill = Literal["linear", "mean", "zero", "word"]
MOST_DECIMALS = 17
EXACT = Context(prec=400)  # digits, enough for any float


@dataclass(frozen=True, kw_only=True)
class PromptStyle:
    """How values are written in a prompt."""

    decimals: int | None = None  # per value; None: two significant digits of the column's standard deviation
    truncate: bool = False  # cut off further digits instead of rounding; TimeKD does, with 0 decimals
    rough_fill: RoughFill = "linear"  # in gaps: a line or the mean of the window's observed cells, 0, or a word
    missing_word: str = "missing"  # written in gaps if `rough_fill` is "word"

    def __post_init__(self) -> None:
        problems = []
        if self.decimals is not None and not 0 <= self.decimals <= MOST_DECIMALS:
            problems.append(f"decimals must be from 0 to {MOST_DECIMALS}, got {self.decimals}")
        if self.rough_fill not in get_args(RoughFill):
            problems.append(f"rough_fill must be one of {', '.join(get_args(RoughFill))}, got {self.rough_fill!r}")
        if not self.missing_word.strip():
            problems.append(f"missing_word must be a word, got {self.missing_word!r}")
        if problems:
            raise InputError("prompts: " + "; ".join(problems))

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return asdict(self)


def value_texts(values: FloatArray, unit: FloatArray, style: PromptStyle) -> list[list[list[str]]]:
    """The values (B, L, C) as texts, indexed by window, column and step; `unit` (C,) is a standard deviation."""
    filled = rough_filled(values, style.rough_fill)
    columns = []
    for column in range(values.shape[2]):
        decimals = decimals_for(float(unit[column])) if style.decimals is None else style.decimals
        write = partial(_number_text, decimals=decimals, truncate=style.truncate)
        windows = filled[:, :, column].tolist()
        columns.append([[style.missing_word if math.isnan(v) else write(v) for v in window] for window in windows])
    return [list(window) for window in zip(*columns, strict=True)]


def decimals_for(unit: float) -> int:
    """The number of decimals that shows two significant digits of a standard deviation `unit`."""
    if not 0 < unit < math.inf:
        return 0
    return min(max(0, 1 - math.floor(math.log10(unit))), MOST_DECIMALS)


def rough_filled(values: FloatArray, rough_fill: RoughFill) -> FloatArray:
    """Windows (B, L, C) with every gap filled from the observed cells of the same window and column, or with 0.

    With "word" gaps stay NaN. Otherwise a column without an observed cell in the window is 0.
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
    """A value with so many decimals, rounded or truncated; never a negative zero."""
    rounding = ROUND_DOWN if truncate else ROUND_HALF_EVEN
    text = str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding, EXACT))
    return text.removeprefix("-") if not text.strip("-0.") else text
