"""Input files: they are files, can be read, and stay the same while they are."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentfill.core.errors import InputError

KINDS = ((stat.S_ISFIFO, "pipe"), (stat.S_ISCHR, "device"), (stat.S_ISBLK, "device"), (stat.S_ISSOCK, "socket"))


def special_kind(path: str | os.PathLike[str]) -> str:
    """What is at a path that is neither a file nor a folder; "" for these, and if nothing is there."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ""
    return next((kind for is_kind, kind in KINDS if is_kind(mode)), "")


def refuse_special(path: str | os.PathLike[str]) -> None:
    """Raise an `InputError` for a pipe, a device or a socket: reading it might wait for ever."""
    if kind := special_kind(path):
        raise InputError(
            f"{path} is a {kind}, not a file. Name a file, or give a table on standard input: "
            f"cat {path} | latentfill impute - -o OUT"
        )


def why_unreadable(path: Path) -> str:
    """Why a file that is there cannot be opened, such as `permission denied`; "" for one that can, or is missing."""
    if kind := special_kind(path):
        return f"it is a {kind}"
    try:
        path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):  # no file has a NUL in its name
        return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise an `InputError` if the file at `path` changes while the block reads it; nothing can be told of a pipe."""
    refuse_special(path)
    before = _state(path)
    try:
        yield
    except Exception as error:  # whatever half a file causes
        if _state(path) != before:
            raise _changed(path) from error
        raise
    if _state(path) != before:
        raise _changed(path)


def check_digest(path: Path, known: str) -> None:
    """Raise an `InputError` if a file that has been read has another digest than the one from before."""
    if digest(path) != known:
        raise _changed(path)


def digest(path: Path) -> str:
    """The SHA-256 digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> tuple[int, ...] | None:
    """What changes with the content of a file; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _changed(path: Path) -> InputError:
    return InputError(
        f"{path} changed while it was read. Wait until the program that writes it has ended, or read a copy of it."
    )
