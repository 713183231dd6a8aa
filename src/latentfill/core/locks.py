"""File locks, so that only one run at a time writes to a path."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from latentfill.core.errors import InputError
from latentfill.core.temporary import LOCK, PREFIX
from latentfill.core.unwritable import refusing_unwritable

if TYPE_CHECKING:
    from filelock import BaseFileLock

logger = logging.getLogger(__name__)

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # errors of file systems without locks
PATIENCE = 0.2  # seconds, as a run that removes old lock files holds each of them for a moment


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the file or folder `path` while the block runs; an `InputError` if another run holds the lock.

    The folder around `path` is made if there is none.
    The lock is an empty file beside `path`, which is removed when the block ends. If the process is killed, the
    operating system releases the lock, and the next run that writes into the folder removes the file.
    """
    from filelock import FileLock

    lock = FileLock(_lock_file(path), fallback_to_soft=False)
    with refusing_unwritable(path):
        _acquire(lock, path)
    try:
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):  # Windows cannot remove an open file; there, filelock removes it on release
                Path(lock.lock_file).unlink()  # before the release, after which another run may hold the file
            lock.release()


def _lock_file(path: Path) -> Path:
    """The lock file of a path; its name is short because `path.name` may already have the maximum length."""
    return path.with_name(f"{PREFIX}{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}{LOCK}")


def _acquire(lock: BaseFileLock, path: Path) -> None:
    """Take the lock, or give up after `PATIENCE`; on a file system without locks, log a warning and go on."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise InputError(f"another run is writing {path}. Wait until it ends, or choose another path.") from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        logger.warning("%s is on a file system without locks: start no other run that writes to it.", path)
