"""Output files and folders: checks of their paths before any work, and writing that completes or changes nothing."""

from __future__ import annotations

import gzip
import logging
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from latentfill.core.errors import InputError

STANDARD = Path("-")  # standard input, or standard output
log = logging.getLogger(__name__)  # says which outputs are complete
_temporary: set[Path] = set()  # files and folders that are being written


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file under a temporary name, then rename it; a `.gz` file gets the same bytes every time.

    The path `-` is standard output.
    """
    if Path(path) == STANDARD:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(os.path.realpath(path))
    if path.suffix.lower() == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block succeeds, the file written there replaces `path`.

    The folder is made if there is none.
    """
    temporary = _sibling(path, "tmp")
    _temporary.add(temporary)
    try:
        with refusing_unwritable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            os.replace(temporary, path)
        log.info("wrote %s", path)
    finally:
        _temporary.discard(temporary)
        with suppress(OSError):  # there is no temporary file after a success, or where the folder is missing
            temporary.unlink()


def remove_temporary_files() -> None:
    """Remove what is half-written, for a process that is ended without further ado."""
    for path in list(_temporary):
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            path.unlink()


@contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a new, empty folder beside `path`; when the block succeeds, it replaces the folder at `path`.

    If the block fails, `path` stays as it was. If the new folder cannot be moved to `path`, the previous folder is put
    back, and the error says where the new folder is kept.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file. Give the path of a folder to write.")
    new = _sibling(path, "new")
    _temporary.add(new)
    try:
        with refusing_unwritable(path):
            new.mkdir(parents=True)
            yield new
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    finally:
        _temporary.discard(new)
    _move_into_place(new, path)


def _move_into_place(new: Path, path: Path) -> None:
    """Rename the folder `new` to `path`; a previous folder is removed, or put back if the rename fails."""
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
        previous = f" The previous folder is now {old}." if old.exists() else ""
        raise InputError(
            f"{path} cannot be replaced: {error.strerror or error}. The new folder is complete and is kept as {new}; "
            f"move it where you want it.{previous}"
        ) from error
    log.info("wrote %s", path)
    shutil.rmtree(old, ignore_errors=True)


def _sibling(path: Path, ending: str) -> Path:
    """An unused path beside `path`; its name is short because `path.name` may already have the maximum length."""
    return path.with_name(f".{uuid.uuid4().hex}.{ending}")


@contextmanager
def refusing_unwritable(path: Path) -> Iterator[None]:
    """Turn an `OSError` in the block into an `InputError` that says why `path` cannot be written."""
    try:
        yield
    except OSError as error:  # such as a full disk, or a name that is too long
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}. Choose a folder that you may write to."
        ) from error


def check_file_path(path: Path) -> None:
    """Raise an `InputError` if no file can be written at `path`; meant to be called before any work is done.

    A folder that does not exist is made when the file is written.
    """
    with refusing_unwritable(path):
        if path.is_dir():
            raise InputError(f"{path} is a folder. Give the path of a file to write.")
        _check_writable(_nearest_folder(Path(os.path.realpath(path))), path)


def check_new(paths: Iterable[Path]) -> None:
    """Raise an `InputError` that names those of the paths that exist; standard output never does."""
    if existing := [str(path) for path in paths if path != STANDARD and os.path.lexists(path)]:
        raise InputError(
            f"{', '.join(existing)} {'exists' if len(existing) == 1 else 'exist'} already, and --no-clobber keeps what "
            "exists. Choose another output, or leave out --no-clobber."
        )


def check_folder_path(path: Path, content: str, may_replace: Callable[[Path], bool]) -> None:
    """Raise an `InputError` if no folder can be written at `path`; meant to be called before any work is done.

    `content` names what the folder will hold, such as "a model"; `may_replace` returns whether an existing folder that
    is not empty may be replaced.
    """
    with refusing_unwritable(path):
        _check_writable(_nearest_folder(path.absolute()), path)
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file; {content} is a folder, so name a new one.")
        if path.exists() and any(path.iterdir()) and not may_replace(path):
            raise InputError(f"{path} is a folder that holds something other than {content}; name a new folder.")


def _nearest_folder(path: Path) -> Path:
    """The innermost folder around an absolute path that exists."""
    return next(folder for folder in path.parents if folder.exists())


def _check_writable(folder: Path, path: Path) -> None:
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: {folder} is not a folder that can be written to. Choose another.")


def stem(path: str | os.PathLike[str]) -> str:
    """Name of a table file without its format ending: `a.2020.csv.gz` gives `a.2020`."""
    file = Path(path)
    return Path(file.stem).stem if file.suffix.lower() == ".gz" else file.stem
