"""Locks: one run at a time writes to a place."""

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


def refused(path: Path) -> bool:
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
        assert refused(path)  # the one that was refused has not ended the lock
    assert not refused(path)


def test_a_lock_leaves_no_file_and_does_not_touch_what_it_reserves(tmp_path):
    path = tmp_path / "a.packed"
    with locked(path):
        assert not path.exists()
        path.write_bytes(b"one")
    assert [item.name for item in tmp_path.iterdir()] == ["a.packed"]


def test_a_block_that_fails_ends_its_lock(tmp_path):
    with pytest.raises(RuntimeError), locked(tmp_path / "a"):
        raise RuntimeError
    assert not refused(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_process_that_is_killed_ends(tmp_path):
    path = tmp_path / "a"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        assert refused(path)
        process.kill()
    assert not refused(path)
    assert list(tmp_path.iterdir()) == []  # what the killed process left is removed by the next


def test_places_that_cannot_be_written_are_told(tmp_path):
    with pytest.raises(InputError, match="cannot be written"), locked(tmp_path / "nowhere" / "a"):
        pass


def test_a_file_system_without_locks_can_be_written_to(tmp_path, monkeypatch: pytest.MonkeyPatch, caplog):
    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(FileLock, "acquire", fails)
    with locked(tmp_path / "a"):
        pass
    assert "file system without locks" in caplog.text
