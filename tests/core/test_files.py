"""Output files and folders: checks of their paths, and writing that completes or changes nothing."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentfill.core.errors import InputError, UnwritableError
from latentfill.core.files import replacing, staged_digests, staged_path, stem, together, write_bytes, write_together
from latentfill.core.output_paths import check_file_path


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


def test_the_folder_of_a_file_is_made_when_the_file_is_written(tmp_path):
    path = tmp_path / "new" / "deep" / "a.csv"
    check_file_path(path)
    assert not any(tmp_path.iterdir())
    write_bytes(path, b"1")
    assert path.read_bytes() == b"1"


# --- rights -------------------------------------------------------------------------------------------------


@pytest.fixture
def umask() -> Iterator[None]:
    """A umask that lets the group read."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("umask")
def test_a_new_file_has_the_permissions_of_the_umask(tmp_path):
    write_bytes(tmp_path / "a.csv", b"1")
    assert mode(tmp_path / "a.csv") == 0o640


@pytest.mark.usefixtures("umask")
def test_a_replaced_file_keeps_its_permissions_and_nobody_else_can_read_it_before(tmp_path):
    path = save(tmp_path, b"old", "a.csv")
    path.chmod(0o604)
    with replacing(path) as temporary:
        temporary.write_bytes(b"new")
        assert mode(temporary) == 0o600
    assert (mode(path), path.read_bytes()) == (0o604, b"new")


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only the administrator may give files away")
def test_a_replaced_file_keeps_its_owner(tmp_path):
    path = save(tmp_path, b"old", "a.csv")
    os.chown(path, 1234, 2345)
    write_bytes(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_where_the_owner_cannot_be_kept_the_file_is_still_replaced(tmp_path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    path = save(tmp_path, b"old", "a.csv")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


# --- several files: all or none -----------------------------------------------------------------------------

NAMES = ("a.csv", "b.csv", "summary.json")
KILLED_AT_A_RENAME = """
import os, signal, sys
from pathlib import Path
from latentfill.core.files import together, write_bytes
replace, calls = os.replace, []
def killing_replace(source, target):
    calls.append(target)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = killing_replace
with together():
    for name in sys.argv[3:]:
        write_bytes(Path(sys.argv[1], name), b"new")
"""


def write_all(folder: Path, data: bytes = b"new") -> None:
    for name in NAMES:
        write_bytes(folder / name, data)


def write_all_and_fail(folder: Path, *names: str) -> None:
    with together():
        for name in names or NAMES:
            write_bytes(folder / name, b"never")
        raise RuntimeError


def write_half_and_fail(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise InputError


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def fail_replacing(monkeypatch: pytest.MonkeyPatch, *numbers: int, error: BaseException | None = None) -> None:
    """Make renames of files fail; `numbers` counts them from 1."""
    replace, calls = os.replace, []

    def failing_replace(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) in numbers:
            raise error or OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing_replace)


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary directory of the process."""
    folder = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_files_that_are_written_together_appear_at_the_end_of_the_block(tmp_path):
    with together():
        write_all(tmp_path)
        with together():
            write_bytes(tmp_path / "inner.csv", b"new")
        assert not any((tmp_path / name).exists() for name in (*NAMES, "inner.csv"))
    assert contents(tmp_path) == dict.fromkeys((*NAMES, "inner.csv"), b"new")


def test_a_block_that_fails_writes_none_of_its_files(tmp_path):
    save(tmp_path, b"old", "a.csv")
    with pytest.raises(RuntimeError):
        write_all_and_fail(tmp_path)
    assert contents(tmp_path) == {"a.csv": b"old"}


def test_a_file_whose_own_block_fails_is_not_written_if_the_block_around_it_goes_on(tmp_path):
    with together():
        write_bytes(tmp_path / "a.csv", b"new")
        with pytest.raises(InputError):
            write_half_and_fail(tmp_path / "b.csv")
    assert contents(tmp_path) == {"a.csv": b"new"}


@pytest.mark.parametrize("failing", [1, 2, 3])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_if_a_rename_fails_all_files_are_what_they_were(
    tmp_path, monkeypatch: pytest.MonkeyPatch, failing: int, error: BaseException
):
    save(tmp_path, b"old", "a.csv")
    save(tmp_path, b"old", "summary.json")
    fail_replacing(monkeypatch, failing, error=error)
    with pytest.raises(UnwritableError if isinstance(error, OSError) else KeyboardInterrupt), together():
        write_all(tmp_path)
    assert contents(tmp_path) == {"a.csv": b"old", "summary.json": b"old"}


def test_without_hard_links_the_previous_files_are_copied(tmp_path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError

    save(tmp_path, b"old", "a.csv")
    monkeypatch.setattr(os, "link", refuse)
    fail_replacing(monkeypatch, 2)
    with pytest.raises(UnwritableError), together():
        write_all(tmp_path)
    assert contents(tmp_path) == {"a.csv": b"old"}


def test_a_previous_file_that_cannot_be_put_back_is_kept_and_named(tmp_path, monkeypatch: pytest.MonkeyPatch):
    save(tmp_path, b"old", "a.csv")
    fail_replacing(monkeypatch, 2, 3)
    with pytest.raises(UnwritableError, match="only in part") as caught, together():
        write_all(tmp_path)
    (kept,) = (path for path in tmp_path.iterdir() if path.name != "a.csv")
    assert str(caught.value).endswith(f"a.csv is new, and what it was before is now {kept}.")
    assert (kept.read_bytes(), (tmp_path / "a.csv").read_bytes()) == (b"old", b"new")


def test_the_content_and_digests_of_files_are_known_before_they_have_their_names(tmp_path):
    with together():
        write_bytes(tmp_path / "a.csv", b"new")
        assert staged_path(tmp_path / "a.csv").read_bytes() == b"new"
        known = hashlib.sha256(b"new").hexdigest()
        assert staged_digests(tmp_path / "summary.json") == {"a.csv": known}
        assert staged_digests(tmp_path / "below" / "summary.json") == {"../a.csv": known}
    assert staged_path(tmp_path / "a.csv") == tmp_path / "a.csv"
    assert staged_digests(tmp_path / "summary.json") == {}


def test_standard_output_is_printed_when_all_files_are_complete(tmp_path, capfdbinary):
    with pytest.raises(RuntimeError):
        write_all_and_fail(Path(), "-")
    with together():
        write_bytes("-", b"once")
        write_all(tmp_path)
    assert capfdbinary.readouterr().out == b"once"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_run_that_is_killed_between_renames_leaves_whole_files_the_summary_last(tmp_path, number: int):
    for name in NAMES:
        save(tmp_path, b"old", name)
    command = [sys.executable, "-c", KILLED_AT_A_RENAME, str(tmp_path), str(number), *NAMES]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    done = NAMES[: number - 1]
    assert {name: (tmp_path / name).read_bytes() for name in NAMES} == {
        name: b"new" if name in done else b"old" for name in NAMES
    }
    write_all(tmp_path)
    assert contents(tmp_path) == dict.fromkeys(NAMES, b"new")  # the temporary files are swept


# --- work that is kept --------------------------------------------------------------------------------------


def test_files_that_cannot_be_written_are_kept_elsewhere_all_together(
    tmp_path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    save(tmp_path, b"old", "a.csv")
    fail_replacing(monkeypatch, 2)
    with pytest.raises(UnwritableError, match=r"b\.csv cannot be written: No space left on device") as caught:
        write_together(lambda: write_all(tmp_path))
    (kept,) = elsewhere.iterdir()
    assert f"is kept in {kept}:" in str(caught.value)
    assert contents(kept / tmp_path.relative_to("/")) == dict.fromkeys(NAMES, b"new")
    assert contents(tmp_path) == {"a.csv": b"old"}


def test_an_error_of_another_kind_writes_nothing_elsewhere(tmp_path, elsewhere: Path):
    def refuse() -> None:
        write_bytes(tmp_path / "a.csv", b"new")
        raise InputError("no")

    with pytest.raises(InputError, match=r"^no$"):
        write_together(refuse)
    assert list(elsewhere.iterdir()) == []
    assert contents(tmp_path) == {}


def test_in_a_working_directory_that_was_deleted_the_files_are_kept_elsewhere(
    tmp_path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UnwritableError, match=r"a\.csv cannot be written"):
        write_together(lambda: write_all(Path()))
    (kept,) = elsewhere.iterdir()
    assert contents(kept) == dict.fromkeys(NAMES, b"new")


def test_a_folder_that_was_deleted_in_the_meantime_is_made_again(tmp_path):
    with together():
        write_bytes(tmp_path / "out" / "a.csv", b"new")
    (tmp_path / "out" / "a.csv").unlink()
    (tmp_path / "out").rmdir()
    write_bytes(tmp_path / "out" / "a.csv", b"new")
    assert contents(tmp_path / "out") == {"a.csv": b"new"}
