"""Checks of output paths before any work: they can be written, are new if they must be, and destroy no input."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.files import STANDARD
from latentfill.core.inputs import special_kind
from latentfill.core.temporary import is_empty
from latentfill.core.unwritable import refusing_unwritable

MB = 1_000_000  # bytes
SMALLEST_MODEL = 10_000  # bytes of a saved model, at least: its settings alone take as many


def check_file_path(path: Path) -> None:
    """Raise an `InputError` if no file can be written at `path`; meant to be called before any work is done.

    A folder that does not exist is made when the file is written.
    """
    with refusing_unwritable(path):
        if path.is_dir():
            raise InputError(f"{path} is a folder. Give the path of a file to write.")
        if kind := special_kind(path):
            raise InputError(
                f"{path} is a {kind}, not a file, and outputs are files that are replaced when they are complete. Name "
                "a file, or write the table to standard output (-o -)."
            )
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
        if path.exists() and not is_empty(path) and not may_replace(path):
            raise InputError(f"{path} is a folder that holds something other than {content}; name a new folder.")


def check_room(path: Path, size: int) -> None:
    """Raise an `InputError` if the disk of an output has less room than the `size` in bytes that is surely needed."""
    from shutil import disk_usage  # here, so that the name of the module is free for tests

    with refusing_unwritable(path):
        folder = _nearest_folder(Path(os.path.realpath(path)))
        free = disk_usage(folder).free
    if free < size:
        raise InputError(
            f"{path} cannot be written: {folder} has room for {free / MB:.1f} MB, and at least "
            f"{size / MB:.1f} MB will be needed. Free some, or choose another folder."
        )


def refuse_inputs(outputs: Iterable[Path], inputs: Sequence[Path]) -> None:
    """Raise an `InputError` if one of the outputs is, lies in or holds one of the inputs, also by way of links."""
    for output in outputs:
        if output == STANDARD:
            continue
        for source in filter(os.path.exists, inputs):
            _refuse_input(output, source)


def _refuse_input(output: Path, source: Path) -> None:
    if os.path.exists(output) and os.path.samefile(output, source):
        raise InputError(f"{output} is the input {source} itself. Choose another output, so that it is kept.")
    place, target = os.path.realpath(source), os.path.realpath(output)
    if os.path.isdir(source) and _is_below(target, place):
        raise InputError(f"{output} lies in the folder {source}, which is read. Choose an output outside of it.")
    if os.path.isdir(output) and _is_below(place, target):
        raise InputError(f"{output} holds {source}, which is read. Choose another output, so that it is kept.")


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _nearest_folder(path: Path) -> Path:
    """The innermost folder around an absolute path that exists."""
    return next(folder for folder in path.parents if folder.exists())


def _check_writable(folder: Path, path: Path) -> None:
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: {folder} is not a folder that can be written to. Choose another.")
