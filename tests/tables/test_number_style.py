"""Detecting the decimal mark of a table."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.numbers import parse_numbers
from latentfill.tables.number_style import find_number_style
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.write import write_table


def text_column(*texts, name="a"):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def mark_of(*columns, axis=None, **options):
    return find_number_style(columns, axis, TableOptions(**options))


def test_the_decimal_mark_is_detected_in_any_column():
    assert mark_of(text_column("1", "2.5")).style.decimal == "."
    assert mark_of(text_column("1", "2.5")).notes == ()
    decimal = mark_of(text_column("1,234"), text_column("0,5", name="b"))
    assert decimal.style.decimal == ","
    assert "'b': '0,5'" in decimal.notes[0]


def test_time_columns_and_columns_of_leave_are_ignored():
    column = text_column("0,5")
    axis = TimeAxis((0,), np.array(["2020-01-01"], dtype="datetime64[ns]"), lambda time, like: {})
    assert mark_of(column, axis=axis).style.decimal == "."
    assert mark_of(column, leave=("a",)).style.decimal == "."


def test_a_given_decimal_mark_is_taken_without_detection():
    assert mark_of(text_column("0,5"), decimal=".").style.decimal == "."


def test_a_comma_that_may_separate_thousands_is_refused():
    with pytest.raises(InputError, match=r"'a' holds '1,234'.*--decimal ,"):
        mark_of(text_column("1,234", "2,345"))


@pytest.mark.parametrize(
    ("texts", "decimal", "thousands", "values"),
    [
        (("46.530,00", "53,47", "1.046.530,5"), ",", ".", [46530, 53.47, 1046530.5]),
        (("46,530.25", "53.47"), ".", ",", [46530.25, 53.47]),
        (("1,072,561", "900"), ".", ",", [1072561, 900]),
        (("1 234,5", "12 345 678,25"), ",", " ", [1234.5, 12345678.25]),
        (("1'234.5", "7"), ".", "'", [1234.5, 7]),
        (("1\u202f234,5", "7,25"), ",", "\u202f", [1234.5, 7.25]),
    ],
)
def test_separators_of_thousands_are_found(texts, decimal, thousands, values):
    style = mark_of(text_column(*texts)).style
    assert (style.decimal, style.thousands) == (decimal, thousands)
    np.testing.assert_allclose(parse_numbers(pa.array(texts), style).values, values)


def test_a_comma_separates_thousands_where_other_numbers_have_a_decimal_point():
    assert mark_of(text_column("1,234", "2,345"), text_column("0.5", name="b")).style.thousands == ","
    assert mark_of(text_column("1,234", "2,345"), thousands=",").style.thousands == ","


def test_signs_beside_numbers_are_found_and_not_read():
    found = mark_of(text_column("12.5*", "13.1", "82.4#", "---"), text_column("# a", "b*", name="words"))
    assert set(found.style.flags) == {"*", "#"}
    assert "12.5*" in found.notes[0]
    numbers = parse_numbers(pa.array(["12.5*", "13.1", "82.4 #", "---", "*"]), found.style)
    np.testing.assert_array_equal(numbers.values, [12.5, 13.1, 82.4, np.nan, np.nan])
    assert numbers.bad.tolist() == [False] * 4 + [True]
    assert mark_of(text_column("12 A", "5"), flags="A").style.flags == "A"


def test_filled_cells_are_written_like_the_others(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x;y\n46.530,00;1*\n;2\n45.250,00;\n45.020,00;4\n")
    table = read_table(path)
    write_table(table, np.full((4, 2), 12345.678), path.with_name("out.csv"))
    assert path.with_name("out.csv").read_text() == "x;y\n46.530,00;1*\n12.345,68;2\n45.250,00;12346\n45.020,00;4\n"


def test_numbers_in_a_style_that_cannot_be_read_are_refused_with_the_way_out(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n5 kW,1\n9 kW,2\n7 kW,\n")
    with pytest.raises(InputError, match=r"holds 0 numbers and 3 other texts.*--flags kW"):
        read_table(path)
    assert read_table(path, TableOptions(flags="kW")).series.values[:, 0].tolist() == [5, 9, 7]
