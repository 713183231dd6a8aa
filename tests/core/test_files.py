"""Output files and folders: checks of their paths, and writing that completes or changes nothing."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfill.core.errors import InputError
from latentfill.core.files import (
    check_file_path,
    check_folder_path,
    check_new,
    replacing_folder,
    stem,
    write_bytes,
)


def save(folder: Path, data: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_the_same_data_gives_the_same_gzipped_bytes(tmp_path):
    for name in ("one.csv.gz", "two.csv.gz"):
        write_bytes(tmp_path / name, b"a,b\n1,2\n")
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "two.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "one.csv.gz").read_bytes()) == b"a,b\n1,2\n"


def test_writing_leaves_no_temporary_file(tmp_path):
    write_bytes(tmp_path / "out.csv", b"a\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_writing_to_a_link_writes_to_its_target(tmp_path):
    target = save(tmp_path, b"old", "target.csv")
    (tmp_path / "link.csv").symlink_to(target)
    write_bytes(tmp_path / "link.csv", b"new")
    assert (tmp_path / "link.csv").is_symlink()
    assert target.read_bytes() == b"new"


def test_a_file_in_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written.*Choose a folder"):
        write_bytes(tmp_path / "file" / "a.csv", b"")


def test_a_file_name_of_the_maximum_length_can_be_written(tmp_path):
    path = tmp_path / ("x" * 251 + ".csv")
    write_bytes(path, b"a\n")
    assert path.read_bytes() == b"a\n"


@pytest.mark.parametrize(
    ("name", "expected"), [("a.csv", "a"), ("a.2020.csv", "a.2020"), ("a.csv.gz", "a"), ("b.2021.parquet", "b.2021")]
)
def test_the_stem_is_the_name_without_its_format_ending(name: str, expected: str):
    assert stem(f"folder.x/{name}") == expected


# --- folders ------------------------------------------------------------------------------------------------


def write_folder(path: Path, text: str) -> None:
    with replacing_folder(path) as folder:
        (folder / "a.txt").write_text(text)


def write_and_fail(path: Path, error: type[BaseException]) -> None:
    with replacing_folder(path) as folder:
        (folder / "a.txt").write_text("half")
        raise error


def fail_renames(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Make renames fail as on a full disk; `numbers` counts the calls from 1."""
    rename: Callable[[Path, Path], Path] = Path.rename
    calls: list[Path] = []

    def failing_rename(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) in numbers:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing_rename)


def test_a_new_folder_is_written_without_leaving_temporary_folders(tmp_path):
    write_folder(tmp_path / "above" / "folder", "one")
    assert (tmp_path / "above" / "folder" / "a.txt").read_text() == "one"
    assert [path.name for path in (tmp_path / "above").iterdir()] == ["folder"]


def test_a_previous_folder_is_replaced_with_all_its_files(tmp_path):
    write_folder(tmp_path / "folder", "one")
    (tmp_path / "folder" / "extra").write_text("old")
    write_folder(tmp_path / "folder", "two")
    assert {path.name for path in (tmp_path / "folder").iterdir()} == {"a.txt"}
    assert (tmp_path / "folder" / "a.txt").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_writing_to_a_link_replaces_the_folder_that_it_points_to(tmp_path):
    write_folder(tmp_path / "folder", "one")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    write_folder(tmp_path / "link", "two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "a.txt").read_text() == "two"


def test_a_written_folder_has_the_permissions_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_folder(tmp_path / "folder", "one")
    finally:
        os.umask(before)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_a_block_that_fails_leaves_the_previous_folder_unchanged(tmp_path, error):
    write_folder(tmp_path / "folder", "one")
    with pytest.raises(InputError if error is OSError else error):
        write_and_fail(tmp_path / "folder", error)
    assert (tmp_path / "folder" / "a.txt").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("failing", [1, 2])
def test_if_the_previous_folder_cannot_be_replaced_the_error_names_the_path_of_the_new_folder(
    tmp_path, monkeypatch: pytest.MonkeyPatch, failing: int
):
    write_folder(tmp_path / "folder", "one")
    fail_renames(monkeypatch, failing)
    with pytest.raises(InputError, match="No space left on device") as caught:
        write_folder(tmp_path / "folder", "two")
    assert (tmp_path / "folder" / "a.txt").read_text() == "one"
    (kept,) = (path for path in tmp_path.iterdir() if path.name != "folder")
    assert f"is kept as {kept};" in str(caught.value)
    assert (kept / "a.txt").read_text() == "two"


def test_if_the_previous_folder_cannot_be_put_back_the_error_names_the_paths_of_both(
    tmp_path, monkeypatch: pytest.MonkeyPatch
):
    write_folder(tmp_path / "folder", "one")
    fail_renames(monkeypatch, 2, 3)
    with pytest.raises(InputError, match="cannot be replaced") as caught:
        write_folder(tmp_path / "folder", "two")
    old, new = sorted(tmp_path.iterdir(), key=lambda path: (path / "a.txt").read_text())
    assert f"is kept as {new};" in str(caught.value)
    assert str(caught.value).endswith(f"The previous folder is now {old}.")


def test_a_folder_never_replaces_a_file(tmp_path):
    save(tmp_path, b"keep", "folder")
    with pytest.raises(InputError, match=r"folder is a file"):
        write_folder(tmp_path / "folder", "one")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"keep"]


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("keep")
    with pytest.raises(InputError, match=r"file/folder cannot be written.*Choose a folder"):
        write_folder(tmp_path / "file" / "folder", "one")
    assert (tmp_path / "file").read_text() == "keep"


def has_marker(folder: Path) -> bool:
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
            check_folder_path(path, "a model", has_marker)
    (tmp_path / "other" / "mark").touch()
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "other", tmp_path / "empty", tmp_path / "new" / "model"):
        check_folder_path(path, "a model", has_marker)


def test_paths_at_which_no_file_can_be_written_are_refused(tmp_path):
    (tmp_path / "file").write_text("keep")
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "file" / "a.csv", "file is not a folder that can be written to"),
        (tmp_path / ("x" * 300), "cannot be written"),
    ):
        with pytest.raises(InputError, match=words):
            check_file_path(path)
    check_file_path(tmp_path / "a.csv")


def test_the_folder_of_a_file_is_made_when_the_file_is_written(tmp_path):
    path = tmp_path / "new" / "deep" / "a.csv"
    check_file_path(path)
    assert not any(tmp_path.iterdir())
    write_bytes(path, b"1")
    assert path.read_bytes() == b"1"


def test_paths_that_exist_are_named(tmp_path):
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.csv").symlink_to("nowhere")
    check_new([tmp_path / "c.csv", Path("-")])
    with pytest.raises(InputError, match=r"a\.csv, .*b\.csv exist already"):
        check_new([tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"])


@pytest.mark.skipif(os.getuid() == 0, reason="the administrator may write everywhere")
def test_folders_without_the_right_to_write_are_refused(tmp_path):
    (tmp_path / "shut").mkdir(mode=0o500)
    for check in (check_file_path, lambda path: check_folder_path(path, "a model", has_marker)):
        with pytest.raises(InputError, match="shut is not a folder that can be written to"):
            check(tmp_path / "shut" / "a")
