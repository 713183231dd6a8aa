"""Columns: their numbers, and the user's markers of missing cells."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column, read_values, refuse_repeated
from latentfill.tables.backends.numbers import PLAIN, NumberStyle

COMMA = NumberStyle(decimal=",")

NAN = np.nan


def text_column(*texts, name="a"):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def test_markers_are_compared_as_numbers_and_as_texts():
    numbers = read_values(text_column("-200", "-200.0", " broken ", "3"), ("-200", "Broken", "-9"), PLAIN)
    np.testing.assert_array_equal(numbers.values, [NAN, NAN, NAN, 3])
    assert not numbers.bad.any()
    assert numbers.markers == {"-200", "Broken"}


def test_markers_match_numbers_stored_in_single_precision():
    values = np.array([0.1, 0.5], dtype="float32").astype(float)
    column = Column.of_numbers("a", values, single=True)
    np.testing.assert_array_equal(read_values(column, ("0.1",), PLAIN).values, [NAN, 0.5])


def test_texts_are_read_with_a_decimal_comma():
    column = text_column("1,5", "-9,0", "x")
    assert column.numbers.bad.all()
    np.testing.assert_array_equal(read_values(column, ("-9",), COMMA).values, [1.5, NAN, NAN])


def test_columns_of_other_kinds_have_no_numbers():
    assert read_values(Column("a", "other"), (), PLAIN) is None


def test_repeated_names_are_refused():
    refuse_repeated(["a", "b", "A"])
    with pytest.raises(InputError, match=r"same name: 'b', 'c'\. Rename"):
        refuse_repeated(["a", "b", "b", "c", "c"])


def test_a_column_of_empty_cells_and_markers_is_blank():
    assert text_column("", "NA", None).is_blank
    assert not text_column("", "1").is_blank
    assert not text_column("", "x").is_blank
    assert not Column("a", "other").is_blank
