"""Prompts: the texts that a language model reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.series import Series
from latentfill.embeddings.protocols.embedder import FilledWindows, RawWindows, cut_raw_windows
from latentfill.embeddings.protocols.encoder_settings import PromptStyle
from latentfill.embeddings.timekd.prompts import history_prompts, privileged_prompts, prompt_text
from latentfill.windows.scaling import ColumnScaler

HOUR = np.timedelta64(1, "h")


def raw(values: list[float], *, step: np.timedelta64 | None = HOUR, ahead: int = 0) -> RawWindows:
    table = np.array(values)[:, None]
    time = None if step is None else np.datetime64("2020-01-01T05", "ns") + np.arange(len(table)) * step
    series = Series(table, ("a",), time, np.arange(len(table)), step)
    scaler = ColumnScaler(shift=np.zeros(1), scale=np.ones(1), low=np.zeros(1), high=np.ones(1))
    return cut_raw_windows(series, scaler, np.array([0]), len(table) - ahead, ahead)


def history(values: list[float], style: PromptStyle | None = None, **how: object) -> str:
    (prompt,) = history_prompts(raw(values, **how), style or PromptStyle(decimals=1), 3)  # type: ignore[arg-type]
    return prompt_text(prompt)


def test_a_prompt_contains_times_values_and_frequency_and_ends_with_the_last_value():
    assert history([1.25, -2.0, 3.0]) == (
        "From 2020-01-01 05:00:00 to 2020-01-01 07:00:00, the values were 1.2, -2.0, 3.0 every hour. "
        "Forecast the next 3 values after 3.0"
    )


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (np.timedelta64(15, "m"), "every 15 minutes"),
        (np.timedelta64(90, "m"), "every 90 minutes"),
        (np.timedelta64(1, "D"), "every day"),
        (np.timedelta64(7, "D"), "every 7 days"),
        (None, "every step"),
    ],
)
def test_the_frequency_is_written_in_words(step: np.timedelta64 | None, words: str):
    assert words in history([1.0, 2.0], step=step)


def test_without_time_stamps_a_prompt_gives_no_times():
    assert history([1.0, 2.0], step=None).startswith("The values were 1.0, 2.0 every step")


def test_a_privileged_prompt_ends_with_the_values_after_the_window():
    (prompt,) = privileged_prompts(raw([1.0, 2.0, 8.0, 9.0], ahead=2), PromptStyle(decimals=0))
    assert prompt_text(prompt).endswith("the values were 1, 2 every hour. The next 2 values were 8, 9")


def test_only_values_are_numbers_and_the_last_part_is_a_number():
    (prompt,) = history_prompts(raw([1.0, 2.0]), PromptStyle(decimals=0), 96)
    assert [part.text for part in prompt if part.is_number] == [" 1", " 2", " 2"]
    assert prompt[-1].is_number


def test_values_outside_a_window_do_not_change_its_prompt():
    first = history([1.0, np.nan, 3.0])
    longer = raw([1.0, np.nan, 3.0, 500.0])
    cut = replace(longer, values=longer.values[:, :3], scaled=longer.scaled[:, :3], time=longer.time[:, :3])
    (prompt,) = history_prompts(cut, PromptStyle(decimals=1), 3)
    assert prompt_text(prompt) == first


def test_a_gap_can_hold_the_smoothed_series():
    gappy, style = raw([1.0, np.nan, 3.0], step=None), PromptStyle(decimals=1, rough_fill="smooth")
    estimates = np.array([[[1.0], [5.0], [3.0]]])
    (prompt,) = history_prompts(replace(gappy, smoothed=FilledWindows(estimates, estimates)), style, 0)
    assert prompt_text(prompt).startswith("The values were 1.0, 5.0, 3.0 every step.")
