"""Columns: cells read as numbers, and numbers written with the decimals of their column."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import (
    Column,
    decimals_for,
    find_decimal,
    format_numbers,
    read_numbers,
    refuse_repeated,
)

NAN = np.nan


def text_column(*texts, name="a"):
    return Column(name, "text", texts=pa.array(texts, pa.string()))


def test_numbers_markers_and_bad_texts_are_told_apart():
    numbers = read_numbers(text_column("1", " -2.5e3 ", ".5", "NA", "", None, "-", "inf", "1,5", "low"))
    np.testing.assert_array_equal(numbers.values, [1, -2500, 0.5, NAN, NAN, NAN, NAN, np.inf, NAN, NAN])
    assert np.flatnonzero(numbers.bad).tolist() == [8, 9]
    assert numbers.n_numbers == 4


def test_a_decimal_comma_makes_a_point_a_bad_mark():
    numbers = read_numbers(text_column("1,5", "2", "1.5"), decimal=",")
    np.testing.assert_array_equal(numbers.values, [1.5, 2, NAN])
    assert numbers.bad.tolist() == [False, False, True]


def test_sentinels_match_as_number_and_as_text():
    numbers = read_numbers(text_column("-200", "-200.0", " broken ", "3"), missing=("-200", "Broken"))
    np.testing.assert_array_equal(numbers.values, [NAN, NAN, NAN, 3])
    assert not numbers.bad.any()


def test_sentinels_match_numbers_stored_in_single_precision():
    values = np.array([0.1, 0.5], dtype="float32").astype(float)
    column = Column("a", "number", numbers=values, single=True)
    np.testing.assert_array_equal(read_numbers(column, missing=("0.1",)).values, [NAN, 0.5])


def test_columns_of_another_kind_hold_no_numbers():
    assert read_numbers(Column("a", "other")) is None


def test_the_decimal_mark_is_found_in_any_column():
    assert find_decimal([text_column("1", "2.5")]) == (".", ())
    decimal, notes = find_decimal([text_column("1,234"), text_column("0,5", name="b")])
    assert decimal == ","
    assert "'b': '0,5'" in notes[0]
    with pytest.raises(InputError, match=r"'a' holds '1,234'.*--decimal ,"):
        find_decimal([text_column("1,234", "2,345")])


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
    column = text_column(*shown)
    decimals = decimals_for(column.texts, read_numbers(column).values)
    assert format_numbers(np.array([value]), decimals) == [written]


def test_numbers_are_written_with_a_decimal_comma():
    column = text_column("1,25", "3,5")
    decimals = decimals_for(column.texts, read_numbers(column, decimal=",").values, ",")
    assert format_numbers(np.array([2.0]), decimals, ",") == ["2,00"]


def test_repeated_names_are_refused():
    refuse_repeated(["a", "b", "A"])
    with pytest.raises(InputError, match=r"same name: 'b', 'c'\. Rename"):
        refuse_repeated(["a", "b", "b", "c", "c"])


def test_numbers_too_long_to_read_in_full_are_written_with_a_power_of_ten():
    assert format_numbers(np.array([1.5e300, 2.5]), 2) == ["1.5e+300", "2.50"]
    assert format_numbers(np.array([1.5e-300]), 305, ",") == ["1,5e-300"]


def test_a_column_of_tiny_powers_of_ten_is_filled_with_digits_not_zeros():
    texts = pa.array(["1.5e-300", "2.5e-300", ""])
    decimals = decimals_for(texts, np.array([1.5e-300, 2.5e-300, np.nan]))
    assert float(format_numbers(np.array([2e-300]), decimals)[0]) == 2e-300
