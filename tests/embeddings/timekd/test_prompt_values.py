"""Values as text: decimals, rounding and gaps."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.embeddings.timekd.prompt_values import PromptStyle, decimals_for, rough_filled, value_texts


def written(values: list[float], **style: object) -> list[str]:
    """The values of one window of one column, whose standard deviation is 1."""
    window = np.array(values)[None, :, None]
    return value_texts(window, np.ones(1), PromptStyle(**style))[0][0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("style", "texts"),
    [
        ({"decimals": 0}, ["2", "-2", "0"]),  # rounded half to even; no negative zero
        ({"decimals": 0, "truncate": True}, ["1", "-1", "0"]),
        ({"decimals": 2}, ["1.50", "-1.50", "-0.20"]),
        ({}, ["1.5", "-1.5", "-0.2"]),
    ],
)
def test_values_are_rounded_or_truncated_to_the_given_decimals(style: dict[str, object], texts: list[str]):
    assert written([1.5, -1.5, -0.2], **style) == texts


def test_texts_are_indexed_by_window_column_and_step():
    values = np.arange(12.0).reshape(2, 3, 2)
    texts = value_texts(values, np.array([50.0, 1.0]), PromptStyle())
    assert texts == [[["0", "2", "4"], ["1.0", "3.0", "5.0"]], [["6", "8", "10"], ["7.0", "9.0", "11.0"]]]


@pytest.mark.parametrize(("unit", "decimals"), [(5.8, 1), (120.0, 0), (0.03, 3), (1.0, 1), (0.0, 0)])
def test_decimals_show_two_digits_of_the_standard_deviation(unit: float, decimals: int):
    assert decimals_for(unit) == decimals


def test_the_largest_values_can_be_written():
    assert written([1e300, 1.0], decimals=0) == [str(int(1e300)), "1"]


@pytest.mark.parametrize(
    ("fill", "second"),
    [("linear", "2"), ("mean", "3"), ("zero", "0"), ("word", "unknown")],  # of 1, 3 and 4
)
def test_gaps_are_filled_from_the_window_or_with_a_word(fill: str, second: str):
    texts = written([1.0, np.nan, 3.0, 4.0], decimals=0, rough_fill=fill, missing_word="unknown")
    assert texts == ["1", second, "3", "4"]


@pytest.mark.parametrize("fill", ["linear", "mean", "zero"])
def test_a_column_without_observed_cells_in_the_window_is_written_as_zero(fill: str):
    window = np.array([[[1.0, np.nan], [np.nan, np.nan]]])
    filled = rough_filled(window, fill)  # type: ignore[arg-type]
    assert filled[0, :, 1].tolist() == [0.0, 0.0]
    assert filled[0, 0, 0] == 1.0


def test_all_problems_of_a_style_are_reported_at_once():
    with pytest.raises(
        InputError, match=r"rough_fill.*'spline'.*decimals must be from 0 to 17, or none, got -1.*missing_word"
    ):
        PromptStyle(decimals=-1, rough_fill="spline", missing_word=" ")  # type: ignore[arg-type]
