"""TimeKD's prompts: the values of a window in words, a prompt for each of its columns.

After Liu et al., "Efficient Multivariate Time Series Forecasting via Calibrated Language Models with Privileged
Knowledge Distillation", ICDE 2025 (arXiv 2505.02138). A language model reads a prompt into the state of its last token.
Numbers and words are kept from attending to each other, so a prompt here ends with a number: after a word, nothing of
the values would reach that state.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from functools import partial
from typing import Literal, get_args

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.tables.time.grid import step_text
from latentfill.windows.gaps import interpolate

RoughFill = Literal["linear", "mean", "zero", "word"]
MOST_DECIMALS = 17
EXACT = Context(prec=400)  # digits, enough for any float


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt: words, or a single value."""

    text: str
    is_number: bool


Prompt = tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class PromptStyle:
    """How values are written."""

    decimals: int | None = None  # of a value; None: as many as show two digits of its column's standard deviation
    truncate: bool = False  # cut the further digits off, as TimeKD does with 0 decimals, instead of rounding
    rough_fill: RoughFill = "linear"  # what stands for a gap: values from the window's observed cells, 0, or a word
    missing_word: str = "missing"

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


def history_prompts(raw: RawWindows, style: PromptStyle, horizon: int) -> Iterator[Prompt]:
    """A prompt for each column of each stretch, columns fastest: the values, and the request for the next `horizon`."""
    for opening, numbers, every in _parts(raw, style):
        asked = f"the next {horizon} values" if horizon else "the values"
        yield (opening, *_listed(numbers), Piece(f" {every}. Forecast {asked} after", False), _number(numbers[-1]))


def privileged_prompts(raw: RawWindows, style: PromptStyle) -> Iterator[Prompt]:
    """The same with the values that follow, which a forecaster must not see; for training a student alone."""
    assert raw.future is not None
    horizon = raw.future.shape[1]
    future = _texts(raw.future, raw.unit, style)
    for at, (opening, numbers, every) in enumerate(_parts(raw, style)):
        window, column = divmod(at, len(raw.columns))
        then = Piece(f" {every}. The next {horizon} values were", False)
        yield (opening, *_listed(numbers), then, *_listed(future[window][column]))


def prompt_text(prompt: Prompt) -> str:
    """A prompt as a person reads it."""
    return "".join(piece.text for piece in prompt)


def decimals_for(unit: float) -> int:
    """Decimals that show two digits of a standard deviation `unit`."""
    if not 0 < unit < math.inf:
        return 0
    return min(max(0, 1 - math.floor(math.log10(unit))), MOST_DECIMALS)


def rough_filled(values: FloatArray, rough_fill: RoughFill) -> FloatArray:
    """Windows (B, L, C) with something in every gap, from the window's own observed cells of the column, or 0.

    With "word" gaps stay NaN. A column of a window without any observed cell is 0.
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


def _parts(raw: RawWindows, style: PromptStyle) -> Iterator[tuple[Piece, list[str], str]]:
    """Opening words, numbers and frequency of each column of each stretch."""
    texts = _texts(raw.values, raw.unit, style)
    every = _every(raw.step)
    for window, of_window in enumerate(texts):
        opening = Piece(_opening(raw, window), False)
        for numbers in of_window:
            yield opening, numbers, every


def _opening(raw: RawWindows, window: int) -> str:
    if raw.time is None:
        return "The values were"
    first, last = (_stamp(raw.time[window, at]) for at in (0, -1))
    return f"From {first} to {last}, the values were"


def _stamp(time: np.datetime64) -> str:
    """A time to the second, or the day alone where it begins one."""
    day, _, clock = str(time.astype("datetime64[s]")).partition("T")
    return day if clock == "00:00:00" else f"{day} {clock}"


def _every(step: np.timedelta64 | None) -> str:
    """The frequency in words: every hour, every 15 minutes."""
    return "every step" if step is None else f"every {step_text(step).removeprefix('1 ')}"


def _texts(values: FloatArray, unit: FloatArray, style: PromptStyle) -> list[list[list[str]]]:
    """The values (B, L, C) in words, by window, column and step."""
    filled = rough_filled(values, style.rough_fill)
    columns = []
    for column in range(values.shape[2]):
        decimals = decimals_for(float(unit[column])) if style.decimals is None else style.decimals
        write = partial(_written, decimals=decimals, truncate=style.truncate)
        of_column = filled[:, :, column].tolist()
        columns.append([[style.missing_word if math.isnan(v) else write(v) for v in window] for window in of_column])
    return [list(of_window) for of_window in zip(*columns, strict=True)]


def _written(value: float, decimals: int, *, truncate: bool) -> str:
    """A value with so many decimals, the further ones rounded or cut off; never a negative zero."""
    text = str(
        Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN if truncate else ROUND_HALF_EVEN, EXACT)
    )
    return text.removeprefix("-") if not text.strip("-0.") else text


def _number(text: str) -> Piece:
    return Piece(f" {text}", True)


def _listed(numbers: list[str]) -> Iterator[Piece]:
    """Values with commas between them."""
    comma = Piece(",", False)
    for at, text in enumerate(numbers):
        if at:
            yield comma
        yield _number(text)
