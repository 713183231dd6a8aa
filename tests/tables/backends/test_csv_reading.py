"""Reading CSV files: delimiter, quotes and blank lines."""

from pathlib import Path

import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.csv_reading import read_csv
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.text_layout import find_layout


def save(folder: Path, data: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def cells(path: Path) -> list[list[str]]:
    return [column.to_pylist() for column in read_csv(path).cells]


def test_cells_are_read_without_their_quotes(tmp_path):
    assert cells(save(tmp_path, b'x,y\n"1,5","a ""b"""\n2,c\n')) == [["1,5", "2"], ['a "b"', "c"]]


def test_a_quote_inside_an_unquoted_field_is_a_plain_character(tmp_path):
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
def test_the_delimiter_occurs_equally_often_in_every_line(text, expected):
    assert find_layout(text.splitlines(keepends=True), ReadRequest(), "t.csv").delimiter == expected


def test_a_blank_line_is_a_missing_cell_in_a_single_column(tmp_path):
    assert cells(save(tmp_path, b"a\n1\n\n3\n")) == [["1", "", "3"]]


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"", ["is empty", "header line"]),
        (b"\n\n \n", ["is empty"]),
        (b"a,b\n", ["no rows"]),
        (b"a,b\n1,2\n3,4,5\n", ["line 3", "3 fields", "header has 2", "--delimiter"]),
        (b"a,b\n1,2\n3\n5,6\n", ["line 3", "1 field,"]),
        (b'a,b\n"1\n2",2\n3,4,5\n', ["line 4", "3 fields"]),
        (b'a,b\n1,"2\n3,4\n5,6\n', ["quote opened in line 2", "never closed"]),
    ],
)
def test_a_malformed_file_is_refused_with_the_line_and_the_reason(tmp_path, data, parts):
    with pytest.raises(InputError) as caught:
        read_csv(save(tmp_path, data))
    for part in parts:
        assert part in str(caught.value)
