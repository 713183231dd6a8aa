"""Temporary files: gone when their block ends, swept when their run was killed, and safe while it lives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from latentfill.core import temporary as module
from latentfill.core.temporary import NEW, OLD, sweep, temporary

pytestmark = pytest.mark.skipif(os.name == "nt", reason="nothing is swept on Windows")

HOLD = """
import sys, time
from pathlib import Path
from latentfill.core.locks import locked
from latentfill.core.temporary import temporary
folder = Path(sys.argv[1])
with temporary(folder, "new") as file, temporary(folder, "new") as inner, locked(folder / "a.packed"):
    file.write_text("half")
    inner.mkdir()
    (inner / "part").write_text("half")
    print("ready", flush=True)
    time.sleep(600)
"""


@contextmanager
def another_run(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has temporaries and a lock in a folder; killed at the end."""
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_temporary_is_gone_with_its_lock_when_its_block_ends(tmp_path):
    with temporary(tmp_path, NEW) as file, temporary(tmp_path, NEW) as folder:
        assert file != folder
        file.touch()
        (folder / "inner").mkdir(parents=True)
        assert len(names(tmp_path)) == 3
    assert names(tmp_path) == set()


def test_what_a_living_run_writes_is_never_swept(tmp_path):
    with another_run(tmp_path):
        before = names(tmp_path)
        assert len(before) == 4  # a file, a folder, the lock of the run and that of a.packed
        sweep(tmp_path)
        assert names(tmp_path) == before


def test_what_a_killed_run_left_is_swept_by_the_next_and_nothing_else(tmp_path):
    with another_run(tmp_path):
        pass
    others = {".latentfill-notes", ".latentfill.new", ".hidden.lock", "a.csv"}
    for name in others:
        (tmp_path / name).write_text("keep")
    assert len(names(tmp_path) - others) == 4
    with temporary(tmp_path, NEW) as file:
        file.touch()
    assert names(tmp_path) == others


def test_temporaries_without_a_lock_file_are_left_alone(tmp_path):
    """They are of a file system without locks, where nobody can tell whether their run lives."""
    path = tmp_path / f".latentfill-{module.HOST}-0123456789ab.01234567.new"
    path.touch()
    sweep(tmp_path)
    assert path.exists()


@pytest.mark.parametrize(("age", "is_kept"), [(0, True), (8 * 24 * 3600, False)])
def test_leftovers_of_another_machine_are_swept_after_a_week(tmp_path, age: float, is_kept: bool):
    paths = [tmp_path / f".latentfill-00000000-0123456789ab.{rest}" for rest in ("lock", "01234567.new")]
    for path in paths:
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
    sweep(tmp_path)
    assert [path.exists() for path in paths] == [is_kept, is_kept]


def test_a_folder_that_was_moved_away_is_put_back_unless_there_is_another(tmp_path):
    start = f".latentfill-{module.HOST}-0123456789ab"
    (tmp_path / f"{start}.lock").touch()
    aside = tmp_path / f"{start}.01234567.{OLD}"
    for name in ("model", "student"):
        (aside / name).mkdir(parents=True)
        (aside / name / "config.json").write_text("old")
    (tmp_path / "student").mkdir()
    sweep(tmp_path)
    assert names(tmp_path) == {"model", "student"}
    assert (tmp_path / "model" / "config.json").read_text() == "old"
    assert names(tmp_path / "student") == set()


def test_a_lock_file_that_is_a_link_is_left_alone_and_a_pipe_blocks_nothing(tmp_path):
    (tmp_path / "kept").touch()
    (tmp_path / ".latentfill-a.lock").symlink_to(tmp_path / "kept")
    os.mkfifo(tmp_path / ".latentfill-b.lock")
    sweep(tmp_path)
    assert (tmp_path / "kept").exists()
    assert (tmp_path / ".latentfill-a.lock").is_symlink()


def test_on_a_file_system_without_locks_nothing_is_left_and_no_lock_file_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_lock", lambda descriptor: None)
    with temporary(tmp_path, NEW) as file:
        file.touch()
        assert names(tmp_path) == {file.name}
    assert names(tmp_path) == set()


def test_a_run_whose_lock_is_taken_by_one_that_sweeps_tries_again(tmp_path, monkeypatch):
    answers = iter([False, True])
    monkeypatch.setattr(module, "_lock", lambda descriptor: next(answers))
    with temporary(tmp_path, NEW) as file:
        file.touch()
        assert file.exists()


def test_what_a_run_could_not_remove_is_swept_by_the_next(tmp_path, monkeypatch):
    with temporary(tmp_path, NEW) as path:
        path.write_text("half")
        monkeypatch.setattr(module, "remove", lambda _: None)  # as if the disk refused
    monkeypatch.undo()
    assert path.exists()
    sweep(tmp_path)
    assert names(tmp_path) == set()
