"""Reading files: gzip and encodings."""

import gzip
from pathlib import Path

import pytest

from latentfill.core.errors import InputError
from latentfill.core.text_files import read_bytes, read_text


def save(folder: Path, data: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_gzip_is_recognised_by_name_or_content(tmp_path):
    packed = gzip.compress(b"a,b\n1,2\n3,4\n")
    for name in ("t.csv.gz", "gzipped_without_the_ending.csv"):
        assert read_bytes(save(tmp_path, packed, name)) == b"a,b\n1,2\n3,4\n"


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        ("ä".encode(), None, ("ä", "utf-8", b"")),
        ("ä".encode("latin-1"), "latin-1", ("ä", "latin-1", b"")),
        (b"\xef\xbb\xbfa", None, ("a", "utf-8", b"\xef\xbb\xbf")),
        (b"\xef\xbb\xbfa", "utf-8-sig", ("a", "utf-8", b"\xef\xbb\xbf")),
        (b"\xff\xfea\0", None, ("a", "utf-16-le", b"\xff\xfe")),
        (b"\xff\xfea\0", "utf-16", ("a", "utf-16-le", b"\xff\xfe")),
    ],
)
def test_text_is_decoded_by_its_byte_order_mark_or_the_given_encoding(tmp_path, data, encoding, expected):
    assert read_text(save(tmp_path, data), encoding)[:3] == expected


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"a,b\n1,\x002\n3,4\n", ["NUL", "line 2", "utf-16"]),
        ("a,b\n1,2\n".encode("utf-16-le"), ["NUL", "--encoding utf-16-le"]),
        (b"PAR1xxxxPAR1", ["Parquet", "`.parquet`"]),
        (b"PK\x03\x04xxxx", ["spreadsheet", "`.xlsx`"]),
        (b"\x1f\x8bnot gzip at all", ["complete gzip", "again"]),
        (gzip.compress(b"a,b\n1,2\n" * 50, mtime=0)[:-9], ["complete gzip"]),
    ],
)
def test_a_file_that_is_not_text_is_refused_with_the_reason_and_the_way_out(tmp_path, data, parts):
    with pytest.raises(InputError) as caught:
        read_text(save(tmp_path, data), None)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("codec", "text"), [("cp1252", "Größe (°C)"), ("gb18030", "Richtung (°)"), ("cp1251", "Температура воздуха")]
)
def test_the_encoding_of_text_that_is_not_utf_8_is_found_and_said(tmp_path, codec, text):
    whole = f"{text},b\n" + "1,2\n" * 50
    read = read_text(save(tmp_path, whole.encode(codec)), None)
    assert read.text == whole
    assert "--encoding" in read.notes[0]


def test_bytes_that_do_not_fit_the_given_encoding_are_named(tmp_path):
    with pytest.raises(InputError) as caught:
        read_text(save(tmp_path, b"a,b\n1,\xe4\n3,4\n"), "utf-8")
    for part in ("0xe4", "offset 6", "line 2", "--encoding latin-1"):
        assert part in str(caught.value)


def test_an_error_of_the_codec_is_reported(tmp_path):
    with pytest.raises(InputError, match="is not idna text"):
        read_text(save(tmp_path, b"a," + b"b" * 70 + b"\n"), "idna")


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no file"):
        read_bytes(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_bytes(tmp_path)
