"""Text files a piece at a time: all lines, in pieces of whole records."""

import gzip

import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.streams.stream import UnstreamableError
from latentfill.tables.backends.streams.text_stream import TextStream

TEXT = """# above
a,b
1,2
3,"x
y"

# between
5,6
7,8

# below
"""


@pytest.fixture
def stream(tmp_path):
    def of(data, **request):
        (tmp_path / "in.csv").write_bytes(data)
        return TextStream.of(tmp_path / "in.csv", ReadRequest(**request))

    return of


@pytest.mark.parametrize("n_rows", range(1, 10))
def test_pieces_hold_whole_records_and_all_lines(stream, n_rows):
    file = stream(TEXT.encode())
    pieces = list(file.pieces(n_rows))
    assert "".join([*file.head, *(line for piece in pieces for line in piece.lines)]) == TEXT
    texts = [file.read([piece]).text for piece in pieces]
    assert [record for text in texts for record in text.records] == ["1,2\n", '3,"x\ny"\n', "5,6\n", "7,8\n"]
    assert [text.rows.number(row) for text in texts for row in range(text.n_rows)] == [3, 4, 8, 9]
    assert b"".join(text.encode(text_with_between(text)) for text in texts).decode() == TEXT


def text_with_between(text):
    return [record + text.between.get(row, "") for row, record in enumerate(text.records)]


def test_a_packed_file_is_unpacked_by_its_content(stream):
    assert len(list(stream(gzip.compress(TEXT.encode())).pieces(2))) == len(list(stream(TEXT.encode()).pieces(2)))


def test_some_pieces_are_one_table_with_the_lines_of_the_file(stream):
    file = stream(TEXT.encode())
    first, *_, last = file.pieces(1)
    text = file.read([first, last]).text
    assert text.records == ("1,2\n", "7,8\n")
    assert [text.rows.number(row) for row in range(2)] == [3, 9]


@pytest.mark.parametrize(
    ("data", "request_", "message"),
    [
        (b"a b\n1   2\n3   4\n5   6\n", {}, "aligned by spaces"),
        ("a,b\n1,\u00b0\n".encode("latin-1"), {}, "not utf-8 text"),
        (b"a,b\n1,2\n", {"encoding": "utf-16"}, "encoding is utf-16"),
    ],
)
def test_what_cannot_be_read_in_pieces_is_told(stream, data, request_, message):
    with pytest.raises(UnstreamableError, match=message):
        list(stream(data, **request_).pieces(2))


def test_a_quote_that_is_never_closed_is_refused(stream):
    file = stream(b'a,b\n1,2\n3,"x\n' + b"5,6\n" * 3000)
    with pytest.raises(InputError, match="is never closed"):
        list(file.pieces(2))
