"""Formatting numbers with the decimals of their column."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.tables.backends.number_texts import decimals_for, format_numbers, whole_number_suffix
from latentfill.tables.backends.numbers import NumberStyle, parse_numbers

COMMA = NumberStyle(decimal=",")


@pytest.mark.parametrize(
    ("shown", "value", "written"),
    [
        (["5.827000141143799", "40.1", "-5.5"], 5.8270001, "5.8270"),  # a range of 45.6 leaves 4 decimals
        (["1", "2", "3"], 2.4, "2"),
        (["1.0", "2.25", "3"], 2, "2.00"),
        (["0.001", "0.002", "0.003"], 0.00212345, "0.002"),
        (["1e-3", "2e-3", "3e-3"], 0.00212345, "0.00212345"),
        (["1.5", "-1.5", "0.5"], -0.01, "0.0"),
        (["7.25", "7.25", "7.25"], 7.25, "7.25"),
        (["100000000.25", "200000000.25", "3"], 12.75, "13"),
        (["", "NA", "?"], 1.5, "1.50000"),
    ],
)
def test_numbers_are_written_with_the_decimals_of_their_column(shown, value, written):
    texts = pa.array(shown, pa.string())
    decimals = decimals_for(texts, parse_numbers(texts).values)
    assert format_numbers(np.array([value]), decimals) == [written]


def test_numbers_are_written_with_a_decimal_comma():
    texts = pa.array(["1,25", "3,5"])
    decimals = decimals_for(texts, parse_numbers(texts, COMMA).values, COMMA)
    assert format_numbers(np.array([2.0]), decimals, COMMA) == ["2,00"]


def test_very_long_numbers_are_written_with_a_power_of_ten():
    assert format_numbers(np.array([1.5e300, 2.5]), 2) == ["1.5e+300", "2.50"]
    assert format_numbers(np.array([1.5e-300]), 305, COMMA) == ["1,5e-300"]


def test_new_cells_in_a_column_of_tiny_numbers_are_not_rounded_to_zero():
    texts = pa.array(["1.5e-300", "2.5e-300", ""])
    decimals = decimals_for(texts, np.array([1.5e-300, 2.5e-300, np.nan]))
    assert float(format_numbers(np.array([2e-300]), decimals)[0]) == 2e-300


@pytest.mark.parametrize(("texts", "suffix"), [([" 5.0 ", "6"], ".0"), (["5", "6.0"], ""), (None, "")])
def test_the_first_cell_decides_how_whole_numbers_end(texts, suffix):
    assert whole_number_suffix(None if texts is None else pa.array(texts)) == suffix
