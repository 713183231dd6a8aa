"""Output folders, such as models: the new one replaces the old one as a whole, or nothing changes."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

from latentfill.core.errors import InputError, UnwritableError
from latentfill.core.files import keep_rights, log, sync
from latentfill.core.temporary import NEW, OLD, temporary
from latentfill.core.unwritable import keep_elsewhere, refusing_unwritable

Write = Callable[[Path], None]  # writes the content of a folder into a new, empty one; may be called again
PRIVATE_FOLDER = 0o700
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of Linux, see `man 2 rename`


def write_folder(path: str | os.PathLike[str], write: Write) -> None:
    """Write a folder, which replaces an earlier one at `path`.

    If it cannot be written, the earlier one stays, and the `UnwritableError` says where the new one is kept.
    """
    target = Path(path)
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file. Give the path of a folder to write.")
    try:
        with refusing_unwritable(target):
            _replace(Path(os.path.realpath(target)), write)
    except UnwritableError as error:
        raise UnwritableError(f"{error} {_kept(target.name, write)}") from error
    log.info("wrote %s", target)


def _kept(name: str, write: Write) -> str:
    """Write the folder elsewhere; a sentence that says where."""

    def write_below(place: Path) -> None:
        (place / name).mkdir()
        write(place / name)

    return keep_elsewhere(write_below)


def _replace(path: Path, write: Write) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary(path.parent, NEW) as new:
        new.mkdir(mode=PRIVATE_FOLDER if path.exists() else 0o777)
        write(new)
        _finish(new, path)
        _move(new, path)


def _finish(new: Path, path: Path) -> None:
    """Give a new folder and its files the rights of those that they replace, and put them on the disk."""
    for file in new.iterdir():
        sync(file)
        keep_rights(path / file.name, file)
    keep_rights(path, new)


def _move(new: Path, path: Path) -> None:
    """Give a new folder its name; what was there before is then at `new`, or gone."""
    if not path.exists():
        new.rename(path)
    elif not exchange(new, path):
        _move_in_two_steps(new, path)


def exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step, so that both always exist; False where the system cannot, as all but Linux."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    one_name, other_name = os.fsencode(one), os.fsencode(other)
    return rename is not None and rename(AT_FDCWD, one_name, AT_FDCWD, other_name, RENAME_EXCHANGE) == 0


def _move_in_two_steps(new: Path, path: Path) -> None:
    """The same by way of a folder aside, from which the old one is put back if this fails or is killed."""
    try:
        with temporary(path.parent, OLD) as aside:
            aside.mkdir()
            path.rename(aside / path.name)
            new.rename(path)
    except OSError as error:
        if path.exists():
            raise
        raise UnwritableError(
            f"{path} cannot be replaced: {error}. The earlier folder is now {aside / path.name}."
        ) from error
