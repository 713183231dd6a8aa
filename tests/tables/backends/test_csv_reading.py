"""CSV files read: encoding, delimiter, quotes and blank lines."""

from pathlib import Path

import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.csv_reading import find_delimiter, read_csv


def save(folder: Path, data: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def cells(path: Path, **options: str) -> list[list[str]]:
    return [column.to_pylist() for column in read_csv(path, **options).cells]


def test_quotes_are_no_part_of_a_cell(tmp_path):
    assert cells(save(tmp_path, b'x,y\n"1,5","a ""b"""\n2,c\n')) == [["1,5", "2"], ['a "b"', "c"]]


def test_a_quote_inside_a_plain_field_is_only_a_character(tmp_path):
    assert cells(save(tmp_path, b'a,b\n5" pipe,2\n7",4\n')) == [['5" pipe', '7"'], ["2", "4"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n3,25;4\n", ";"),
        ("a\tb c\n1\t2\n", "\t"),
        ('a|"b,c,d"|e\n1|"2,3,4"|5\n', "|"),
        ("only\n1\n", ","),
        ("a,b;c\n1,2\n1,3\n", ","),
    ],
)
def test_the_delimiter_is_the_one_with_a_steady_count(text, expected):
    assert find_delimiter(text) == expected


def test_a_blank_line_is_a_missing_cell_where_there_is_one_column(tmp_path):
    assert cells(save(tmp_path, b"a\n1\n\n3\n")) == [["1", "", "3"]]


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"", ["is empty", "header line"]),
        (b"\n\n \n", ["is empty"]),
        (b"a,b\n", ["no rows"]),
        (b"\na,b\n1,2\n", ["line 1 is blank", "column names"]),
        (b"a,b\n1,2\n3,4,5\n", ["line 3", "3 fields", "header has 2", "--delimiter"]),
        (b"a,b\n1,2\n3\n5,6\n", ["line 3", "1 fields"]),
        (b'a,b\n"1\n2",2\n3,4,5\n', ["line 4", "3 fields"]),
        (b'a,b\n1,"2\n3,4\n5,6\n', ["quote opened in line 2", "never closed"]),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_clear_words(tmp_path, data, parts):
    with pytest.raises(InputError) as caught:
        read_csv(save(tmp_path, data))
    for part in parts:
        assert part in str(caught.value)
