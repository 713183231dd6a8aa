"""Paths that are no files: pipes, devices and sockets, which cannot be replaced, and may never end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from latentfill.core.errors import InputError

KINDS = ((stat.S_ISFIFO, "pipe"), (stat.S_ISCHR, "device"), (stat.S_ISBLK, "device"), (stat.S_ISSOCK, "socket"))


def special_kind(path: str | os.PathLike[str]) -> str:
    """What is at a path that exists and is neither a file nor a folder; "" for those, and if nothing is there."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ""
    return next((kind for is_kind, kind in KINDS if is_kind(mode)), "")


def refuse_special(path: Path) -> None:
    """Raise an `InputError` for an input that is no file, as reading it might never end.

    The end of a pipe that this process was given, such as `/dev/stdin` or `<(command)` of a shell, can be read.
    """
    kind = special_kind(path)
    if kind and not (kind == "pipe" and not os.path.exists(os.path.realpath(path))):
        raise InputError(
            f"{path} is a {kind}, not a file. Name a file, or give a table on standard input: cat {path} | latentfill "
            "impute - -o OUT."
        )
