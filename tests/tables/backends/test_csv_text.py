"""CSV text: an unchanged file is written back byte for byte."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfill.core.errors import InputError
from latentfill.tables.backends.csv_reading import read_csv
from latentfill.tables.backends.csv_source import CsvSource
from latentfill.tables.backends.csv_text import CsvText, format_csv
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.read_request import ReadRequest


def save(folder: Path, data: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def written(text: CsvText) -> bytes:
    return CsvSource(text).to_csv(Edits(np.arange(text.n_rows), {}))


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
def test_an_unchanged_file_is_written_back_byte_for_byte(tmp_path, data):
    text = read_csv(save(tmp_path, data))
    assert text.n_rows in (2, 3)
    assert written(text) == data


PLAIN = {"comment": "", "skip_rows": 0, "header_rows": 1, "units_row": 0}  # a header and rows of data, nothing else

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
def test_any_quoted_table_is_read_and_written_back(tmp_path_factory, rows, delimiter, line_end, last, bom):
    quoted = [delimiter.join('"' + text.replace('"', '""') + '"' for text in row) for row in rows]
    whole = (line_end.join(quoted) + line_end * last).encode("utf-8-sig" if bom else "utf-8")
    path = save(tmp_path_factory.mktemp("t"), whole)
    text = read_csv(path, ReadRequest(delimiter=delimiter, **PLAIN))
    assert written(text) == whole
    assert [list(row) for row in zip(*(column.to_pylist() for column in text.cells), strict=True)] == rows[1:]


bare = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs"), exclude_characters='"|'), max_size=5)


@given(rows=st.lists(st.lists(bare, min_size=3, max_size=3), min_size=2, max_size=8), end=st.booleans())
def test_any_unquoted_table_is_read_and_written_back(tmp_path_factory, rows, end):
    rows[0] = ["a", "b", "c"]
    whole = ("\n".join("|".join(row) for row in rows) + "\n" * end).encode()
    text = read_csv(save(tmp_path_factory.mktemp("t"), whole), ReadRequest(delimiter="|", **PLAIN))
    assert written(text) == whole
    assert [column.to_pylist() for column in text.cells] == [list(column) for column in zip(*rows[1:], strict=True)]


def test_records_can_be_added_after_a_last_line_without_line_end(tmp_path):
    text = read_csv(save(tmp_path, b"a,b\r\n1,2\r\n3,4"))
    records = [*text.records, text.new_record({1: "9"})]
    assert text.encode(records) == b"a,b\r\n1,2\r\n3,4\r\n,9"
    first, last = text.records
    assert text.encode([first, "# a comment\r\n", last, ""]) == b"a,b\r\n1,2\r\n# a comment\r\n3,4"


def test_a_file_is_read_and_written_in_the_given_encoding(tmp_path):
    data = "Straße,b\n1,2\n3,4\n".encode("latin-1")
    text = read_csv(save(tmp_path, data), ReadRequest(encoding="latin-1"))
    assert text.names == ("Straße", "b")
    assert written(text) == data


def test_the_byte_order_mark_is_kept_with_the_encoding_utf_8(tmp_path):
    data = b"\xef\xbb\xbfa,b\n1,2\n3,4\n"
    for encoding in ("utf-8", "utf-8-sig"):
        text = read_csv(save(tmp_path, data), ReadRequest(encoding=encoding))
        assert text.names == ("a", "b")
        assert written(text) == data


@pytest.mark.parametrize("data", [b"a,b\n\n1,2\n\n\n3,4\n", b"a,b\r\n1,2\r\n\r\n3,4\r\n"])
def test_blank_lines_inside_a_table_are_no_rows_but_are_kept(tmp_path, data):
    text = read_csv(save(tmp_path, data))
    assert [column.to_pylist() for column in text.cells] == [["1", "3"], ["2", "4"]]
    assert written(text) == data
    assert text.new_record({0: "5"}) == "5," + text.line_end
    assert text.line_end in ("\n", "\r\n")


def test_new_files_have_quotes_only_where_necessary():
    assert format_csv(["a", "b"], [[["1"], ["x,y"]], [["2"], ['z"']]]) == b'a,b\n1,"x,y"\n2,"z"""\n'


pieces = st.sampled_from(
    [
        ",",
        ";",
        "\t",
        " ",
        "  ",
        "|",
        "\n",
        "\n",
        "\n",
        "\r\n",
        '"',
        "#",
        "# ",
        "%",
        "1",
        "2.5",
        "3,5",
        "2020-01-01",
        "a",
        "b c",
        "-",
        "1.000",
    ]
)


@settings(deadline=None, max_examples=200)
@given(parts=st.lists(pieces, max_size=60), n_rows=st.integers(0, 5), row=st.lists(pieces, min_size=1, max_size=6))
def test_whatever_can_be_read_is_written_back(tmp_path_factory, parts, n_rows, row):
    whole = "".join(parts) + "\n" + ("".join(row) + "\n") * n_rows
    try:
        text = read_csv(save(tmp_path_factory.mktemp("t"), whole.encode()))
    except InputError:
        return
    assert written(text).decode() == whole
    assert all(len(column) == text.n_rows for column in text.cells)
    assert len(text.names) == len(text.cells)
