"""Locks: only one run at a time writes to a path."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from latentfill.core.errors import InputError
from latentfill.core.locks import locked

HOLD = """
import sys, time
from pathlib import Path
from latentfill.core.locks import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600)
"""


def is_locked(path: Path) -> bool:
    try:
        with locked(path):
            return False
    except InputError as error:
        return "another run is writing" in str(error)


def test_a_second_run_is_refused_until_the_first_has_ended(tmp_path):
    path = tmp_path / "a.packed"
    with locked(path):
        with pytest.raises(InputError, match=r"another run is writing .*a\.packed\. Wait"), locked(path):
            pass
        assert is_locked(path)  # the refused run has not released the lock
    assert not is_locked(path)


def test_a_lock_leaves_no_lock_file_and_does_not_create_the_locked_file(tmp_path):
    path = tmp_path / "a.packed"
    with locked(path):
        assert not path.exists()
        path.write_bytes(b"one")
    assert [item.name for item in tmp_path.iterdir()] == ["a.packed"]


def test_a_block_that_fails_releases_its_lock(tmp_path):
    with pytest.raises(RuntimeError), locked(tmp_path / "a"):
        raise RuntimeError
    assert not is_locked(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_killing_a_process_releases_its_lock(tmp_path):
    path = tmp_path / "a"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        assert is_locked(path)
        process.kill()
    assert not is_locked(path)
    assert list(tmp_path.iterdir()) == []  # the next lock has removed the lock file of the killed process


def test_the_folder_around_a_locked_path_is_made(tmp_path):
    (tmp_path / "file").touch()
    with locked(tmp_path / "new" / "a"):
        assert (tmp_path / "new").is_dir()
    with pytest.raises(InputError, match="cannot be written"), locked(tmp_path / "file" / "a"):
        pass


def test_on_a_file_system_without_locks_the_run_goes_on_with_a_warning(
    tmp_path, monkeypatch: pytest.MonkeyPatch, caplog
):
    def failing_acquire(*_: object, **__: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(FileLock, "acquire", failing_acquire)
    with locked(tmp_path / "a"):
        pass
    assert "file system without locks" in caplog.text
