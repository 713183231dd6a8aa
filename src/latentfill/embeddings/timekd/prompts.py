"""Writes TimeKD's prompts: the values of a window as text, one prompt per column.

After Liu et al., "Efficient Multivariate Time Series Forecasting via Calibrated Language Models with Privileged
Knowledge Distillation", ICDE 2025 (arXiv 2505.02138). The embedding is the state of a prompt's last token. Words and
numbers do not attend to each other, so a prompt ends with a number: the state of a word would not depend on the values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.encoder_settings import PromptStyle
from latentfill.embeddings.timekd.prompt_values import value_texts
from latentfill.tables.time.grid import step_text


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A part of a prompt: words, or a single value."""

    text: str
    is_number: bool


Prompt = tuple[PromptPart, ...]


@dataclass(frozen=True, slots=True)
class _History:
    """The content of a prompt about one column of a window."""

    opening: PromptPart  # words, with the time stamps
    numbers: list[str]  # (L,)
    frequency: str  # such as "every hour"


def history_prompts(raw: RawWindows, style: PromptStyle, horizon: int) -> Iterator[Prompt]:
    """A prompt for each column of each window, columns fastest: the values, then a request to forecast `horizon`."""
    request = f"Forecast the next {horizon} values after" if horizon else "Forecast the values after"
    for history in _histories(raw, style):
        words = PromptPart(f" {history.frequency}. {request}", False)
        yield (history.opening, *_listed(history.numbers), words, _number(history.numbers[-1]))


def privileged_prompts(raw: RawWindows, style: PromptStyle) -> Iterator[Prompt]:
    """Prompts that also contain the values after the window, in the same order; only for training a student."""
    assert raw.future is not None
    future = value_texts(raw.future, raw.unit, style)
    for i, history in enumerate(_histories(raw, style)):
        window, column = divmod(i, len(raw.columns))
        words = PromptPart(f" {history.frequency}. The next {raw.future.shape[1]} values were", False)
        yield (history.opening, *_listed(history.numbers), words, *_listed(future[window][column]))


def prompt_text(prompt: Prompt) -> str:
    """The prompt as one text."""
    return "".join(part.text for part in prompt)


def _histories(raw: RawWindows, style: PromptStyle) -> Iterator[_History]:
    """Each column of each window, columns fastest."""
    frequency = "every step" if raw.step is None else f"every {step_text(raw.step).removeprefix('1 ')}"
    values = raw.required_smoothed.values if style.rough_fill == "smooth" else raw.values
    for window, columns in enumerate(value_texts(values, raw.unit, style)):
        opening = PromptPart(_opening(raw, window), False)
        for numbers in columns:
            yield _History(opening, numbers, frequency)


def _opening(raw: RawWindows, window: int) -> str:
    if raw.time is None:
        return "The values were"
    first, last = (_stamp(raw.time[window, step]) for step in (0, -1))
    return f"From {first} to {last}, the values were"


def _stamp(time: np.datetime64) -> str:
    """A time stamp to the second; only the date at midnight."""
    day, _, clock = str(time.astype("datetime64[s]")).partition("T")
    return day if clock == "00:00:00" else f"{day} {clock}"


def _number(text: str) -> PromptPart:
    return PromptPart(f" {text}", True)


def _listed(numbers: list[str]) -> Iterator[PromptPart]:
    """The values as parts, with commas between them."""
    comma = PromptPart(",", False)
    for i, text in enumerate(numbers):
        if i:
            yield comma
        yield _number(text)
