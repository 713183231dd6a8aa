"""Output files and folders: paths are checked before the work, and what is written appears whole or not at all."""

from __future__ import annotations

import gzip
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from latentfill.core.errors import InputError


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file under a temporary name, then rename it; `.gz` names are packed reproducibly."""
    path = Path(os.path.realpath(path))
    if path.suffix.lower() == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary sibling path; the file written there takes the place of `path` when the block ends well."""
    temporary = _sibling(path, "tmp")
    try:
        with refusing_unwritable(path):
            yield temporary
            os.replace(temporary, path)
    finally:
        with suppress(OSError):  # nothing to remove when all went well, or the folder is missing
            temporary.unlink()


@contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a new, empty sibling folder that takes the place of `path` when the block ends well.

    If the block fails, what was at `path` is as before. If the new folder cannot be moved into place, what was at
    `path` is put back, and the error says where the new folder is kept.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file. Give the path of a folder to write.")
    new = _sibling(path, "new")
    try:
        with refusing_unwritable(path):
            new.mkdir(parents=True)
            yield new
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    _move_into_place(new, path)


def _move_into_place(new: Path, path: Path) -> None:
    """Rename the folder `new` to `path`; a folder that was there is removed, or put back if the rename fails."""
    old = _sibling(path, "old")
    try:
        try:
            if path.exists():
                path.rename(old)
            new.rename(path)
        finally:
            if old.exists() and not path.exists():
                old.rename(path)
    except OSError as error:
        before = f" What was there before is now {old}." if old.exists() else ""
        raise InputError(
            f"{path} cannot be replaced: {error.strerror or error}. The new folder is complete and is kept as {new}; "
            f"move it where you want it.{before}"
        ) from error
    shutil.rmtree(old, ignore_errors=True)


def _sibling(path: Path, ending: str) -> Path:
    """An unused name beside `path`; short, as `path.name` may be as long as names can be."""
    return path.with_name(f".{uuid.uuid4().hex}.{ending}")


@contextmanager
def refusing_unwritable(path: Path) -> Iterator[None]:
    """Turns an `OSError` in the block into an `InputError` that says why `path` cannot be written."""
    try:
        yield
    except OSError as error:  # such as a full disk, or a name that is too long
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}. Choose a folder that exists and that you may write "
            "to."
        ) from error


def check_file_path(path: Path) -> None:
    """Refuse a path at which no file can be written, before any work is done for it."""
    with refusing_unwritable(path):
        folder = Path(os.path.realpath(path)).parent
        if path.is_dir():
            raise InputError(f"{path} is a folder. Give the path of a file to write.")
        if not folder.is_dir():
            raise InputError(f"{path} cannot be written: there is no folder {folder}. Make it first.")
        _check_writable(folder, path)


def check_folder_path(path: Path, content: str, may_replace: Callable[[Path], bool]) -> None:
    """Refuse a path at which no folder can be written, before any work is done for it.

    `content` names what the folder will hold, as in "a model"; `may_replace` tells whether a folder that is there, and
    is not empty, may be replaced.
    """
    with refusing_unwritable(path):
        _check_writable(next(folder for folder in path.absolute().parents if folder.exists()), path)
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file; {content} is a folder, so name a new one.")
        if path.exists() and any(path.iterdir()) and not may_replace(path):
            raise InputError(f"{path} is a folder that holds something other than {content}; name a new folder.")


def _check_writable(folder: Path, path: Path) -> None:
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: {folder} is not a folder that can be written to. Choose another.")


def stem(path: str | os.PathLike[str]) -> str:
    """The name of a file without the ending that says what kind of table it is: `a.2020.csv.gz` is `a.2020`."""
    name = Path(path)
    return Path(name.stem).stem if name.suffix.lower() == ".gz" else name.stem
