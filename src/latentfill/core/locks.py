"""File locks, so that only one run at a time writes to a path."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from latentfill.core.errors import InputError
from latentfill.core.files import refusing_unwritable

if TYPE_CHECKING:
    from filelock import BaseFileLock

logger = logging.getLogger(__name__)

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # errors of file systems without locks


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the file or folder `path` while the block runs; an `InputError` at once if another run holds the lock.

    The folder around `path` is made if there is none.
    The lock is an empty file `.NAME.lock` beside `path`, which is removed when the block ends. If the process is
    killed, the operating system releases the lock; the file stays, but does no harm.
    """
    from filelock import FileLock

    lock = FileLock(path.with_name(f".{path.name}.lock"), fallback_to_soft=False)
    with refusing_unwritable(path):
        _acquire(lock, path)
    try:
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):  # Windows cannot remove an open file; there, filelock removes it on release
                Path(lock.lock_file).unlink()  # before the release, after which another run may hold the file
            lock.release()


def _acquire(lock: BaseFileLock, path: Path) -> None:
    """Take the lock without waiting; on a file system without locks, log a warning and go on."""
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise InputError(f"another run is writing {path}. Wait until it ends, or choose another path.") from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        logger.warning("%s is on a file system without locks: start no other run that writes to it.", path)
