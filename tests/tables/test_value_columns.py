"""Value columns: which columns are filled, which are passed through, and which are refused."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.numbers import PLAIN
from latentfill.tables.options import TableOptions
from latentfill.tables.time.axis import index_axis
from latentfill.tables.value_columns import find_value_columns


def text_columns(text):
    """Columns from lines of cells that are separated by commas, names first."""
    names, *rows = [line.split(",") for line in text.split()]
    cells = zip(*rows, strict=True)
    return [Column.of_texts(name, pa.array(each, pa.string())) for name, each in zip(names, cells, strict=True)]


def values_of(text, axis=None, **options):
    columns = text_columns(text)
    selected = find_value_columns(columns, axis, TableOptions(**options), PLAIN)
    assert [columns[position].name for position in selected.positions] == list(selected.names)
    return list(selected.names), selected.notes


def test_text_row_counters_and_columns_of_leave_are_passed_through():
    names, notes = values_of("No,v,wind,keep,flag 5,1,N,1,true 6,,NA,2,false 7,4,SE,4,", leave=("keep",))
    assert names == ["v"]
    assert any("'No' (counts the rows)" in note for note in notes)
    assert any("'wind', 'flag'" in note for note in notes)


def test_only_the_given_columns_are_filled():
    assert values_of("a,b,c 1,2,x 4,,y", columns=("b",)) == (["b"], ())
    assert values_of("No,b 1,2 2,5", columns=("No",)) == (["No"], ())


def test_an_empty_column_is_filled_if_it_has_a_name():
    assert values_of("a,b,, 1,,, 3,,,")[0] == ["a", "b"]


def test_a_row_counter_is_filled_if_it_is_the_only_column():
    assert values_of("t 1 2 3") == (["t"], ())


def test_a_column_of_seconds_since_the_start_is_not_filled():
    assert values_of("time,a 0.0,1 0.5,5 1.0,")[0] == ["a"]


def test_columns_that_repeat_a_part_of_the_time_are_not_filled():
    time = np.array(["2020-01-01T05", "2020-01-01T06", "2020-01-01T07"], dtype="datetime64[ns]")
    axis = index_axis(Column.of_times("t", time))
    names, notes = values_of("a,hour,month 1,5,7 4,6,8 ,7,9", axis)
    assert names == ["a", "month"]
    assert notes == ("Not filled: 'hour' (repeats a part of the time).",)


def test_a_marker_that_never_occurs_is_reported():
    (note,) = values_of("a,b 1,5 -9,7 ,9", missing=("-999", "-9"))[1]
    assert "'-999'" in note
    assert "no value column" in note


@pytest.mark.parametrize(
    ("text", "options", "parts"),
    [
        ("a,b x,y z,w", {}, ["No column to fill", "'a', 'b'", "--delimiter"]),
        ("a,b NA, ,", {}, ["All cells of 'a', 'b' are missing"]),
        ("a,b 1,2 2.5,x 3,low 5,4", {}, ["'b'", "2 numbers and 2 other", "row 2: 'x'", "--missing b=x", "--leave 'b'"]),
        ("a,b 1,2 5,inf", {}, ["'b'", "infinite", "row 2", "--missing=inf,-inf"]),
        ("a,b x,2 y,3", {"columns": ("a", "b")}, ["'a'", "0 numbers and 2 other texts"]),
    ],
)
def test_columns_that_cannot_be_filled_are_refused(text, options, parts):
    with pytest.raises(InputError) as caught:
        values_of(text, **options)
    for part in parts:
        assert part in str(caught.value)


def test_values_too_large_to_sum_are_refused():
    columns = [Column.of_numbers("a", np.array([1.0, 1e307, 2.0]))]
    with pytest.raises(InputError, match=r"'a' holds values beyond 1e\+302 \(row 2\).*--leave 'a'"):
        find_value_columns(columns, None, TableOptions(), PLAIN)


def test_labels_and_quality_flags_are_not_filled_and_named():
    names, notes = values_of("station,t,t_qc,flag 7,1.5,0,1 7,,1,1 7,3,0,0 7,4,0,1")
    assert names == ["t", "flag"]
    assert notes == ("Not filled: 'station' (the same label in all rows); 't_qc' (holds quality flags).",)


def test_a_logger_s_record_number_counts_rows_although_some_are_missing():
    rows = " ".join(f"{number},{number % 7}" for number in range(100, 150) if number != 120)
    assert values_of(f"RECORD,t {rows}")[0] == ["t"]


def test_words_for_missing_values_are_read_as_such_and_named():
    names, notes = values_of("a,b 1,X 2,3 X,4 5,5 7,9")
    assert names == ["a", "b"]
    assert notes == ("The word 'X' is read as a missing value in 'a', 'b'.",)


def test_columns_of_text_with_some_numbers_are_named():
    names, notes = values_of("a,b 1,ok 2,3 5,low 5,bad 7,off")
    assert names == ["a"]
    assert notes == ("Column 'b' is not filled: it holds 1 number among other texts.",)
