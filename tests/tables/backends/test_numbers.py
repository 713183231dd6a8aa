"""Reading texts as numbers."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.tables.backends.numbers import NumberStyle, parse_numbers

NAN = np.nan


def numbers_of(*texts, decimal="."):
    return parse_numbers(pa.array(texts, pa.string()), NumberStyle(decimal=decimal))


def test_texts_are_numbers_markers_or_bad():
    numbers = numbers_of("1", " -2.5e3 ", ".5", "NA", "", None, "-", "inf", "1,5", "low")
    np.testing.assert_array_equal(numbers.values, [1, -2500, 0.5, NAN, NAN, NAN, NAN, np.inf, NAN, NAN])
    assert np.flatnonzero(numbers.bad).tolist() == [8, 9]
    assert numbers.n_numbers == 4


def test_with_a_decimal_comma_a_text_with_a_point_is_bad():
    numbers = numbers_of("1,5", "2", "1.5", decimal=",")
    np.testing.assert_array_equal(numbers.values, [1.5, 2, NAN])
    assert numbers.bad.tolist() == [False, False, True]


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize(
    "text",
    [*("1", "+1", "1.", ".5", "-2.5e3", "1E5", "1e400", "inf", "-Infinity", "+inf", "", "nan", "-nan", "nan(1)"),
     *("0x10", "1_0", "1 0", "\uff11", "1d5", "infinit", ".", "-", "e5", "1,5", "1.5", "1'5")],
)  # fmt: skip
def test_a_text_is_read_alike_whatever_the_other_texts_of_its_column(text: str, decimal: str):
    alone, among_others = numbers_of(text, decimal=decimal), numbers_of(text, "low", "NA", decimal=decimal)
    np.testing.assert_array_equal(alone.values, among_others.values[:1])
    assert alone.bad.tolist() == among_others.bad[:1].tolist()
