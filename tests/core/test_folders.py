"""Output folders: the new one replaces the old one as a whole, or nothing changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfill.core import folders, temporary
from latentfill.core.errors import InputError, UnwritableError
from latentfill.core.folders import exchange, write_folder

KILLED_BETWEEN_RENAMES = """
import os, signal, sys
from pathlib import Path
from latentfill.core import folders
rename, calls = Path.rename, []
def killing_rename(self, target):
    calls.append(self)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
Path.rename = killing_rename
folders.exchange = lambda one, other: False
folders.write_folder(Path(sys.argv[1]), lambda folder: (folder / "a.txt").write_text("two"))
"""


def write(path: Path, text: str) -> None:
    write_folder(path, lambda folder: (folder / "a.txt").write_text(text) and None)


def write_and_fail(path: Path, error: BaseException) -> None:
    def fail(folder: Path) -> None:
        (folder / "a.txt").write_text("half")
        raise error

    write_folder(path, fail)


def fail_renames(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Make renames fail as on a full disk, in two steps; `numbers` counts them from 1."""
    rename: Callable[[Path, Path], Path] = Path.rename
    calls: list[Path] = []

    def failing_rename(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) in numbers:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(folders, "exchange", lambda one, other: False)
    monkeypatch.setattr(Path, "rename", failing_rename)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary directory of the process."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere"


@pytest.fixture(params=["in one step", "in two steps"])
def steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in two steps":
        monkeypatch.setattr(folders, "exchange", lambda one, other: False)


def test_a_new_folder_is_written_without_leaving_temporary_folders(tmp_path):
    write(tmp_path / "above" / "folder", "one")
    assert (tmp_path / "above" / "folder" / "a.txt").read_text() == "one"
    assert [path.name for path in (tmp_path / "above").iterdir()] == ["folder"]


@pytest.mark.usefixtures("steps")
def test_a_previous_folder_is_replaced_with_all_its_files(tmp_path):
    write(tmp_path / "folder", "one")
    (tmp_path / "folder" / "extra").write_text("old")
    write(tmp_path / "folder", "two")
    assert {path.name for path in (tmp_path / "folder").iterdir()} == {"a.txt"}
    assert (tmp_path / "folder" / "a.txt").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux swaps folders")
def test_two_folders_are_swapped_in_one_step(tmp_path):
    write(tmp_path / "one", "one")
    write(tmp_path / "two", "two")
    assert exchange(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "one" / "a.txt").read_text() == "two"
    assert not exchange(tmp_path / "one", tmp_path / "missing")


def test_writing_to_a_link_replaces_the_folder_that_it_points_to(tmp_path):
    write(tmp_path / "folder", "one")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    write(tmp_path / "link", "two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "a.txt").read_text() == "two"


def test_a_new_folder_has_the_permissions_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "folder", "one")
    finally:
        os.umask(before)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "folder" / "a.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("steps")
def test_a_replaced_folder_keeps_its_permissions_and_those_of_its_files(tmp_path):
    write(tmp_path / "folder", "one")
    (tmp_path / "folder").chmod(0o711)
    (tmp_path / "folder" / "a.txt").chmod(0o604)
    seen = []
    write_folder(tmp_path / "folder", lambda new: seen.append(new.stat().st_mode) or (new / "a.txt").touch())
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o711
    assert (tmp_path / "folder" / "a.txt").stat().st_mode & 0o777 == 0o604
    assert seen[0] & 0o077 == 0  # nobody else may look into it before


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), InputError("no")])
def test_a_failure_leaves_the_previous_folder_unchanged(tmp_path, error: BaseException):
    write(tmp_path / "folder", "one")
    with pytest.raises(type(error)):
        write_and_fail(tmp_path / "folder", error)
    assert (tmp_path / "folder" / "a.txt").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("failing", [1, 2])
def test_if_a_rename_fails_the_previous_folder_is_back_and_the_new_one_is_kept_elsewhere(
    tmp_path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, failing: int
):
    write(tmp_path / "folder", "one")
    fail_renames(monkeypatch, failing)
    with pytest.raises(UnwritableError, match="No space left on device") as caught:
        write(tmp_path / "folder", "two")
    assert (tmp_path / "folder" / "a.txt").read_text() == "one"
    (kept,) = elsewhere.iterdir()
    assert (kept / "folder" / "a.txt").read_text() == "two"
    assert str(caught.value).endswith(f"is kept in {kept}: move it where you want it.")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "folder"]


def test_a_disk_that_fills_up_loses_neither_the_previous_folder_nor_the_new_one(tmp_path, elsewhere: Path):
    def write_full(folder: Path) -> None:
        if folder.parent == tmp_path:
            raise OSError(28, "No space left on device")
        (folder / "a.txt").write_text("two")

    write(tmp_path / "folder", "one")
    with pytest.raises(UnwritableError, match=r"folder cannot be written: No space left on device"):
        write_folder(tmp_path / "folder", write_full)
    assert (tmp_path / "folder" / "a.txt").read_text() == "one"
    assert next(elsewhere.rglob("a.txt")).read_text() == "two"


def test_if_no_place_is_left_the_error_names_all_that_were_tried(tmp_path, elsewhere: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    with pytest.raises(UnwritableError, match=r"could not be kept elsewhere either") as caught:
        write_and_fail(tmp_path / "folder", OSError(28, "No space left on device"))
    assert str(elsewhere) in str(caught.value)
    assert str(tmp_path / "missing") in str(caught.value)
    assert list(elsewhere.iterdir()) == []


def test_if_the_previous_folder_cannot_be_put_back_the_error_says_where_it_is(
    tmp_path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "folder", "one")
    fail_renames(monkeypatch, 2, 3)
    with pytest.raises(UnwritableError, match="The earlier folder is now") as caught:
        write(tmp_path / "folder", "two")
    (old,) = (path for path in tmp_path.iterdir() if path != elsewhere)
    assert f"The earlier folder is now {old / 'folder'}." in str(caught.value)
    assert (old / "folder" / "a.txt").read_text() == "one"
    assert next(elsewhere.rglob("a.txt")).read_text() == "two"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_run_that_is_killed_between_two_renames_is_undone_by_the_next(tmp_path):
    write(tmp_path / "folder", "one")
    killed = subprocess.run([sys.executable, "-c", KILLED_BETWEEN_RENAMES, tmp_path / "folder"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "folder").exists()
    temporary.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert (tmp_path / "folder" / "a.txt").read_text() == "one"


def test_a_folder_never_replaces_a_file(tmp_path):
    (tmp_path / "folder").write_bytes(b"keep")
    with pytest.raises(InputError, match=r"folder is a file"):
        write(tmp_path / "folder", "one")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"keep"]


def test_a_folder_below_a_file_is_refused(tmp_path, elsewhere: Path):
    (tmp_path / "file").write_text("keep")
    with pytest.raises(UnwritableError, match=r"file/folder cannot be written.*Choose a folder"):
        write(tmp_path / "file" / "folder", "one")
    assert (tmp_path / "file").read_text() == "keep"
    assert next(elsewhere.rglob("a.txt")).read_text() == "one"


def test_on_a_full_disk_the_new_folder_is_kept_elsewhere(small_disk: Path, elsewhere: Path):
    write(small_disk / "folder", "one")
    with pytest.raises(UnwritableError, match="No space left on device"):
        write(small_disk / "folder", "two" * 100_000)
    assert (small_disk / "folder" / "a.txt").read_text() == "one"
    assert [path.name for path in small_disk.iterdir()] == ["folder"]
    assert next(elsewhere.rglob("a.txt")).read_text() == "two" * 100_000
