"""Locks: one run at a time writes to a place."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from latentfill.core.errors import InputError
from latentfill.core.files import refusing_unwritable

logger = logging.getLogger(__name__)

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # how file systems say that they have no locks


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Reserve the file or folder `path` for this run while the block runs; a second run is refused at once.

    The lock is held on an empty file `.NAME.lock` beside `path`, which is removed when the block ends. The operating
    system releases the lock of a process that is killed; its lock file then stays, and does no harm.
    """
    if not path.parent.is_dir():  # filelock would make it
        raise InputError(f"{path} cannot be written: there is no folder {path.parent}. Make it first.")
    lock = FileLock(path.with_name(f".{path.name}.lock"), fallback_to_soft=False)
    with refusing_unwritable(path):
        _acquire(lock, path)
    try:
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):  # Windows does not remove open files; there filelock does so once it is closed
                Path(lock.lock_file).unlink()  # while it is locked: afterwards it may be that of another run
            lock.release()


def _acquire(lock: BaseFileLock, path: Path) -> None:
    """Take the lock at once or not at all; where the file system has no locks, go on without one."""
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise InputError(f"another run is writing {path}. Wait until it has ended, or choose another place.") from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        logger.warning("%s is on a file system without locks: let no other run write there now.", path)
