"""CSV text: what is read is what is written back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfill.core.errors import InputError
from latentfill.tables.backends.csv_text import (
    encode_csv,
    find_delimiter,
    format_csv,
    new_record,
    read_csv,
    replace_cells,
    split_record,
)


def save(folder: Path, data: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def cells(path: Path, **options: str) -> list[list[str]]:
    return [column.to_pylist() for column in read_csv(path, **options).cells]


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1,2\n3,4\n",
        b"a,b\n1,2\n3,4",
        b"a,b\r\n1,2\r\n3,4\r\n\r\n\r\n",
        b"a,b\r1,2\r3,4\r",
        b'\xef\xbb\xbf"a";b\n"1";2\n3;"x ""y"" z"\n',
        b'a|b\n"one\nfield"|2\n3|4',
        b"a\tb\n1\t\n\t4\n \n",
        b"value\n1\n\n3\n",
        b'a,b\n5" pipe,2\n3,4\n',
        "a,b\nä,2\n3,4\n".encode(),
        b"\xff\xfe" + "a;b\n1;2\n3;4\n".encode("utf-16-le"),
        b"\xfe\xff" + "a;b\n1;2\n3;4\n".encode("utf-16-be"),
        b'"a\nb",c\n1,2\n3,4\n',
        b'x,"a\nb",c\n1,2,3\n3,4,5\n',
    ],
)
def test_an_untouched_file_is_written_back_byte_for_byte(tmp_path, data):
    text = read_csv(save(tmp_path, data))
    assert text.n_rows in (2, 3)
    assert encode_csv(text, text.records[1:]) == data


field = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff", exclude_categories=("Cs",)), max_size=6)


@given(
    rows=st.integers(1, 5).flatmap(
        lambda width: st.lists(st.lists(field, min_size=width, max_size=width), min_size=2, max_size=8)
    ),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    bom=st.booleans(),
)
def test_any_quoted_table_survives_the_round_trip(tmp_path_factory, rows, delimiter, line_end, last, bom):
    quoted = [delimiter.join('"' + text.replace('"', '""') + '"' for text in row) for row in rows]
    whole = (line_end.join(quoted) + line_end * last).encode("utf-8-sig" if bom else "utf-8")
    path = save(tmp_path_factory.mktemp("t"), whole)
    text = read_csv(path, delimiter=delimiter)
    assert encode_csv(text, text.records[1:]) == whole
    assert [list(row) for row in zip(*(column.to_pylist() for column in text.cells), strict=True)] == rows[1:]


bare = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs"), exclude_characters='"|'), max_size=5)


@given(rows=st.lists(st.lists(bare, min_size=3, max_size=3), min_size=2, max_size=8), end=st.booleans())
def test_any_unquoted_table_survives_the_round_trip(tmp_path_factory, rows, end):
    rows[0] = ["a", "b", "c"]
    whole = ("\n".join("|".join(row) for row in rows) + "\n" * end).encode()
    text = read_csv(save(tmp_path_factory.mktemp("t"), whole), delimiter="|")
    assert encode_csv(text, text.records[1:]) == whole
    assert [column.to_pylist() for column in text.cells] == [list(column) for column in zip(*rows[1:], strict=True)]


def test_fields_keep_their_quotes_until_they_are_read(tmp_path):
    assert split_record('a,"b,""c""",,"d"\r\n', ",") == ["a", '"b,""c"""', "", '"d"']
    assert split_record(",\n", ",") == ["", ""]
    assert cells(save(tmp_path, b'x,y\n"1,5","a ""b"""\n2,c\n')) == [["1,5", "2"], ['a "b"', "c"]]


def test_a_quote_inside_a_plain_field_is_only_a_character(tmp_path):
    assert cells(save(tmp_path, b'a,b\n5" pipe,2\n7",4\n')) == [['5" pipe', '7"'], ["2", "4"]]


def test_replaced_cells_keep_line_end_and_quotes():
    assert replace_cells('a,"",\r\n', ",", {1: "2.5", 2: "x"}) == 'a,"2.5",x\r\n'
    assert replace_cells("a,,c", ",", {1: "2,5"}) == 'a,"2,5",c'


def test_records_can_follow_a_last_line_without_line_end(tmp_path):
    text = read_csv(save(tmp_path, b"a,b\r\n1,2\r\n3,4"))
    records = [*text.records[1:], new_record(text, {1: "9"})]
    assert encode_csv(text, records) == b"a,b\r\n1,2\r\n3,4\r\n,9"


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


def test_an_encoding_can_be_named(tmp_path):
    data = "Straße,b\n1,2\n3,4\n".encode("latin-1")
    text = read_csv(save(tmp_path, data), encoding="latin-1")
    assert text.names == ("Straße", "b")
    assert encode_csv(text, text.records[1:]) == data


def test_a_mark_of_utf_8_is_kept_when_utf_8_is_named(tmp_path):
    data = b"\xef\xbb\xbfa,b\n1,2\n3,4\n"
    for encoding in ("utf-8", "utf-8-sig"):
        text = read_csv(save(tmp_path, data), encoding=encoding)
        assert text.names == ("a", "b")
        assert encode_csv(text, text.records[1:]) == data


@pytest.mark.parametrize("data", [b"a,b\n\n1,2\n\n\n3,4\n", b"a,b\r\n1,2\r\n\r\n3,4\r\n"])
def test_blank_lines_inside_a_table_are_no_rows_and_stay_where_they_are(tmp_path, data):
    text = read_csv(save(tmp_path, data))
    assert [column.to_pylist() for column in text.cells] == [["1", "3"], ["2", "4"]]
    assert encode_csv(text, text.records[1:]) == data
    assert new_record(text, {0: "5"}) == "5," + text.line_end
    assert text.line_end in ("\n", "\r\n")


def test_a_blank_line_is_a_missing_cell_where_there_is_one_column(tmp_path):
    assert cells(save(tmp_path, b"a\n1\n\n3\n")) == [["1", "", "3"]]


def test_new_files_quote_what_needs_it():
    assert format_csv(["a", "b"], [["1", "2"], ["x,y", 'z"']]) == b'a,b\n1,"x,y"\n2,"z"""\n'


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
