"""Output files and folders: checked before the work, written whole or not at all."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfill.core.errors import InputError
from latentfill.core.files import (
    check_file_path,
    check_folder_path,
    replacing_folder,
    stem,
    write_bytes,
)


def save(folder: Path, data: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


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


def test_a_file_in_a_folder_that_is_missing_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot be written.*Choose a folder"):
        write_bytes(tmp_path / "none" / "out.csv", b"a\n")


def test_a_name_as_long_as_names_can_be_is_written(tmp_path):
    path = tmp_path / ("x" * 251 + ".csv")
    write_bytes(path, b"a\n")
    assert path.read_bytes() == b"a\n"


@pytest.mark.parametrize(
    ("name", "expected"), [("a.csv", "a"), ("a.2020.csv", "a.2020"), ("a.csv.gz", "a"), ("b.2021.parquet", "b.2021")]
)
def test_the_stem_is_the_name_without_the_ending_of_its_kind(name: str, expected: str):
    assert stem(f"folder.x/{name}") == expected


# --- folders ------------------------------------------------------------------------------------------------


def write_folder(path: Path, text: str) -> None:
    with replacing_folder(path) as folder:
        (folder / "a.txt").write_text(text)


def write_half(path: Path, error: type[BaseException]) -> None:
    with replacing_folder(path) as folder:
        (folder / "a.txt").write_text("half")
        raise error


def fail_rename(monkeypatch: pytest.MonkeyPatch, *counts: int) -> None:
    """Let the renames of these numbers, counted from 1, fail as on a full disk."""
    rename: Callable[[Path, Path], Path] = Path.rename
    done: list[Path] = []

    def renamed(self: Path, target: Path) -> Path:
        done.append(self)
        if len(done) in counts:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", renamed)


def test_a_new_folder_is_made_where_none_was_and_nothing_else_is_left(tmp_path):
    write_folder(tmp_path / "above" / "made", "one")
    assert (tmp_path / "above" / "made" / "a.txt").read_text() == "one"
    assert [path.name for path in (tmp_path / "above").iterdir()] == ["made"]


def test_an_older_folder_is_replaced_as_a_whole(tmp_path):
    write_folder(tmp_path / "made", "one")
    (tmp_path / "made" / "extra").write_text("old")
    write_folder(tmp_path / "made", "two")
    assert {path.name for path in (tmp_path / "made").iterdir()} == {"a.txt"}
    assert (tmp_path / "made" / "a.txt").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_a_folder_is_replaced_behind_a_link_to_it(tmp_path):
    write_folder(tmp_path / "made", "one")
    (tmp_path / "link").symlink_to(tmp_path / "made")
    write_folder(tmp_path / "link", "two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "made" / "a.txt").read_text() == "two"


def test_a_folder_has_the_permissions_that_others_are_made_with(tmp_path):
    before = os.umask(0o027)
    try:
        write_folder(tmp_path / "made", "one")
    finally:
        os.umask(before)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_a_block_that_fails_leaves_the_older_folder_and_nothing_else(tmp_path, error):
    write_folder(tmp_path / "made", "one")
    with pytest.raises(InputError if error is OSError else error):
        write_half(tmp_path / "made", error)
    assert (tmp_path / "made" / "a.txt").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


@pytest.mark.parametrize("failing", [1, 2])
def test_when_the_older_folder_cannot_be_replaced_it_stays_and_the_error_says_where_the_new_one_is(
    tmp_path, monkeypatch: pytest.MonkeyPatch, failing: int
):
    write_folder(tmp_path / "made", "one")
    fail_rename(monkeypatch, failing)
    with pytest.raises(InputError, match="No space left on device") as caught:
        write_folder(tmp_path / "made", "two")
    assert (tmp_path / "made" / "a.txt").read_text() == "one"
    (kept,) = (path for path in tmp_path.iterdir() if path.name != "made")
    assert f"is kept as {kept};" in str(caught.value)
    assert (kept / "a.txt").read_text() == "two"


def test_when_the_older_folder_cannot_be_put_back_the_error_says_where_both_are(
    tmp_path, monkeypatch: pytest.MonkeyPatch
):
    write_folder(tmp_path / "made", "one")
    fail_rename(monkeypatch, 2, 3)
    with pytest.raises(InputError, match="cannot be replaced") as caught:
        write_folder(tmp_path / "made", "two")
    old, new = sorted(tmp_path.iterdir(), key=lambda path: (path / "a.txt").read_text())
    assert f"is kept as {new};" in str(caught.value)
    assert str(caught.value).endswith(f"What was there before is now {old}.")


def test_a_file_is_not_replaced_by_a_folder(tmp_path):
    save(tmp_path, b"keep", "made")
    with pytest.raises(InputError, match=r"made is a file"):
        write_folder(tmp_path / "made", "one")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"keep"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("keep")
    with pytest.raises(InputError, match=r"file/made cannot be written.*Choose a folder"):
        write_folder(tmp_path / "file" / "made", "one")
    assert (tmp_path / "file").read_text() == "keep"


def is_marked(folder: Path) -> bool:
    return (folder / "mark").is_file()


def test_paths_at_which_no_folder_can_be_written_are_refused(tmp_path):
    (tmp_path / "file").write_text("keep")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes").write_text("keep")
    for path, words in (
        (tmp_path / "file", "is a file; a model is a folder"),
        (tmp_path / "file" / "model", "file is not a folder that can be written to"),
        (tmp_path / "other", "holds something other than a model"),
        (tmp_path / ("x" * 300), "cannot be written"),
    ):
        with pytest.raises(InputError, match=words):
            check_folder_path(path, "a model", is_marked)
    (tmp_path / "other" / "mark").touch()
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "other", tmp_path / "empty", tmp_path / "new" / "model"):
        check_folder_path(path, "a model", is_marked)


def test_paths_at_which_no_file_can_be_written_are_refused(tmp_path):
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "a.csv", "no folder"),
        (tmp_path / ("x" * 300), "cannot be written"),
    ):
        with pytest.raises(InputError, match=words):
            check_file_path(path)
    check_file_path(tmp_path / "a.csv")


@pytest.mark.skipif(os.getuid() == 0, reason="the administrator may write everywhere")
def test_folders_without_the_right_to_write_are_refused(tmp_path):
    (tmp_path / "shut").mkdir(mode=0o500)
    for check in (check_file_path, lambda path: check_folder_path(path, "a model", is_marked)):
        with pytest.raises(InputError, match="shut is not a folder that can be written to"):
            check(tmp_path / "shut" / "a")
