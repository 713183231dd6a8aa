"""Files: gzip and encodings on reading, whole or not at all on writing."""

import gzip
from pathlib import Path

import pytest

from latentfill.core.errors import InputError
from latentfill.core.files import locked, read_bytes, read_text, stem, write_bytes


def save(folder: Path, data: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_gzip_is_known_by_name_and_by_content(tmp_path):
    packed = gzip.compress(b"a,b\n1,2\n3,4\n")
    for name in ("t.csv.gz", "packed_without_a_sign.csv"):
        assert read_bytes(save(tmp_path, packed, name)) == b"a,b\n1,2\n3,4\n"


def test_gzipped_output_is_the_same_bytes_every_time(tmp_path):
    for name in ("one.csv.gz", "two.csv.gz"):
        write_bytes(tmp_path / name, b"a,b\n1,2\n")
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "two.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "one.csv.gz").read_bytes()) == b"a,b\n1,2\n"


def test_writing_leaves_no_temporary_file(tmp_path):
    write_bytes(tmp_path / "out.csv", b"a\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_writing_through_a_link_keeps_the_link(tmp_path):
    target = save(tmp_path, b"old", "target.csv")
    (tmp_path / "link.csv").symlink_to(target)
    write_bytes(tmp_path / "link.csv", b"new")
    assert (tmp_path / "link.csv").is_symlink()
    assert target.read_bytes() == b"new"


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
def test_text_is_decoded_by_its_mark_or_as_said(tmp_path, data, encoding, expected):
    assert read_text(save(tmp_path, data), encoding) == expected


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"a,b\n1,\xe4\n3,4\n", ["0xe4", "offset 6", "line 2", "--encoding latin-1"]),
        (b"a,b\n1,\xc3\xa4\n3,\xe4\n", ["offset 11", "line 3", "mixes encodings"]),
        (b"a,b\n1,\x002\n3,4\n", ["NUL", "line 2", "utf-16"]),
        ("a,b\n1,2\n".encode("utf-16-le"), ["NUL", "--encoding utf-16-le"]),
        (b"PAR1xxxxPAR1", ["Parquet", "`.parquet`"]),
        (b"PK\x03\x04xxxx", ["spreadsheet", "export"]),
        (b"\x1f\x8bnot gzip at all", ["complete gzip", "again"]),
        (gzip.compress(b"a,b\n1,2\n" * 50, mtime=0)[:-9], ["complete gzip"]),
    ],
)
def test_a_file_that_is_no_text_is_refused_in_clear_words(tmp_path, data, parts):
    with pytest.raises(InputError) as caught:
        read_text(save(tmp_path, data), None)
    for part in parts:
        assert part in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no file"):
        read_bytes(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_bytes(tmp_path)
    with pytest.raises(InputError, match=r"cannot be written.*Choose a folder"):
        write_bytes(tmp_path / "none" / "out.csv", b"a\n")


def test_a_name_as_long_as_names_can_be_is_written(tmp_path):
    path = tmp_path / ("x" * 251 + ".csv")
    write_bytes(path, b"a\n")
    assert path.read_bytes() == b"a\n"


def test_a_codec_that_fails_in_its_own_way_is_told(tmp_path):
    with pytest.raises(InputError, match="is not idna text"):
        read_text(save(tmp_path, b"a," + b"b" * 70 + b"\n"), "idna")


@pytest.mark.parametrize(
    ("name", "expected"), [("a.csv", "a"), ("a.2020.csv", "a.2020"), ("a.csv.gz", "a"), ("b.2021.parquet", "b.2021")]
)
def test_the_stem_is_the_name_without_the_ending_of_its_kind(name: str, expected: str):
    assert stem(f"folder.x/{name}") == expected


def test_a_second_run_is_refused_while_the_first_has_the_file(tmp_path):
    path = tmp_path / "a.partial"
    with locked(path) as file:
        file.write(b"one")
        with pytest.raises(InputError, match=r"another run is writing .*a\.partial"), locked(path):
            pass
    with locked(path) as file:
        assert file.read() == b"one"  # kept, and no lock is left
    with pytest.raises(InputError, match="cannot be written"), locked(tmp_path / "nowhere" / "a"):
        pass
