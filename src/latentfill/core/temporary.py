"""Temporary files and folders beside outputs; what a killed run left behind is swept by the next one.

While a run has temporaries in a folder, it holds a lock file there. The operating system releases the lock when the
process ends, however it ends: so a lock that can be taken is that of a run which no longer lives.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing is swept
    fcntl = None  # type: ignore[assignment]

PREFIX = ".latentfill-"
LOCK = ".lock"  # ending of lock files
NEW, OLD = "new", "old"  # endings of what is written, and of what it replaces
HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
WEEK = 7 * 24 * 3600  # seconds without a change until leftovers of another machine are swept: locks may not reach it
_OF_RUN = re.compile(rf"{re.escape(PREFIX)}(?P<host>[0-9a-f]{{8}})-[0-9a-f]{{12}}{re.escape(LOCK)}")

_paths: set[Path] = set()  # of temporaries and lock files of this process
_guard = threading.RLock()


@dataclass(slots=True)
class _Hold:
    """The lock of this process in a folder."""

    path: Path  # of the lock file
    descriptor: int | None  # None on a file system without locks
    uses: int = 0  # temporaries in the folder
    left: bool = False  # whether one could not be removed

    @property
    def prefix(self) -> str:
        """How the names of temporaries start that the lock protects."""
        return self.path.name.removesuffix(LOCK)


_holds: dict[tuple[int, Path], _Hold] = {}  # by process, as a forked one has those of its parent too, and folder
_swept: set[tuple[int, Path]] = set()


@contextmanager
def temporary(folder: Path, ending: str) -> Iterator[Path]:
    """Yield an unused path in `folder`; what is there when the block ends is removed.

    What was moved into a folder with the ending `OLD` is put back to where it was, unless something else is there now.
    """
    with _held(folder) as hold:
        path = folder / f"{hold.prefix}.{uuid.uuid4().hex[:8]}.{ending}"  # short, as names have a maximum length
        _paths.add(path)
        try:
            yield path
        finally:
            if path in _paths:
                _paths.discard(path)
                _end(path)
                hold.left |= os.path.lexists(path) and not (ending == OLD and path.is_dir())  # which an error names


def keep(path: Path) -> None:
    """Do not remove a temporary when its block ends."""
    _paths.discard(path)


def is_temporary(path: Path) -> bool:
    """Whether a path lies in a temporary folder of this process."""
    return not _paths.isdisjoint(path.parents)


def is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing, or only what a killed run left."""
    return all(path.name.startswith(PREFIX) for path in folder.iterdir())


def remove_temporary_files() -> None:
    """Remove what is half-written, for a process that is ended without further ado."""
    for path in list(_paths):
        _end(path)


def _end(path: Path) -> None:
    """Put back what was moved into a temporary, and remove it; it stays if that fails."""
    with suppress(OSError):
        _put_back(path)
        remove(path)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, as far as possible."""
    if path.is_dir() and not path.is_symlink():
        with suppress(OSError):
            path.chmod(0o700)  # it may have the rights of a folder that nobody may change
        shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.unlink()


# --- the lock of a run in a folder --------------------------------------------------------------------------


@contextmanager
def _held(folder: Path) -> Iterator[_Hold]:
    """Hold the lock of this process in a folder."""
    key = (os.getpid(), folder)
    with _guard:
        if key not in _holds:
            _sweep_once(folder)
            _holds[key] = _take(folder)
        hold = _holds[key]
        hold.uses += 1
    try:
        yield hold
    finally:
        with _guard:
            hold.uses -= 1
            if not hold.uses:
                del _holds[key]
                _release(hold)


def _take(folder: Path) -> _Hold:
    """A new lock file, locked; without a file where files cannot be locked, so that nothing there is ever swept."""
    while True:
        path = folder / f"{PREFIX}{HOST}-{uuid.uuid4().hex[:12]}{LOCK}"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        taken = _lock(descriptor)
        if taken and os.fstat(descriptor).st_nlink:
            _paths.add(path)
            return _Hold(path, descriptor)
        os.close(descriptor)
        if taken is None:
            remove(path)
            return _Hold(path, None)
        # a run that sweeps has just taken the lock, or removed the file: once more, with a new one


def _release(hold: _Hold) -> None:
    if hold.descriptor is not None:
        if not hold.left:  # or else the next run sweeps what is left
            remove(hold.path)  # before the lock is released
        _paths.discard(hold.path)
        os.close(hold.descriptor)


def _lock(descriptor: int) -> bool | None:
    """Whether a file could be locked; None where files cannot be locked."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


# --- what killed runs left ----------------------------------------------------------------------------------


def sweep(folder: Path) -> None:
    """Remove the temporaries and lock files of killed runs in a folder, and put back what they had moved away."""
    if fcntl is None:
        return
    names = [name for name in os.listdir(folder) if name.startswith(PREFIX)]
    for lock in (name for name in names if name.endswith(LOCK)):
        start = lock.removesuffix(LOCK) + "."
        left = [folder / name for name in names if name.startswith(start) and name != lock]
        _sweep_run(folder / lock, left)


def _sweep_once(folder: Path) -> None:
    """Sweep a folder that this process has not swept: a run may write thousands of files into it."""
    key = (os.getpid(), folder)
    if key not in _swept:
        _swept.add(key)
        with suppress(OSError):  # such as a folder that may be written to, but not listed
            sweep(folder)


def _sweep_run(lock: Path, left: Sequence[Path]) -> None:
    """Remove what a run has `left` and its lock file, if the lock can be taken."""
    with suppress(OSError):  # such as a file of another user
        descriptor = _open_lock(lock)
        try:
            if _lock(descriptor) and _may_sweep(lock, left):
                for path in left:
                    _end(path)
                lock.unlink()
        finally:
            os.close(descriptor)


def _open_lock(lock: Path) -> int:
    """Open a lock file that exists, and follow no link; some file systems only lock what is open for writing."""
    try:
        return os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        return os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)


def _may_sweep(lock: Path, left: Sequence[Path]) -> bool:
    """Whether a lock that could be taken says that its run has ended; of another machine's only after a week."""
    of_run = _OF_RUN.fullmatch(lock.name)
    if of_run is None or of_run["host"] == HOST:
        return True
    return time.time() - max(path.lstat().st_mtime for path in (lock, *left)) > WEEK


def _put_back(path: Path) -> None:
    """Move the folder that a run had moved into `path` back to its place, if there is no other now."""
    if path.suffix == f".{OLD}" and path.is_dir() and not path.is_symlink():
        for previous in path.iterdir():
            if not os.path.lexists(path.parent / previous.name):
                previous.rename(path.parent / previous.name)
