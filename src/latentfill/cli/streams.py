"""The standard streams, of which the caller may have closed some (as `>&-` does in a shell)."""

from __future__ import annotations

import os
import sys

STREAMS = (0, 1, 2)  # file descriptors of standard input, output and errors


def occupy_closed_streams() -> None:
    """Let no file that is opened later take the place of a closed stream; messages without a place go nowhere.

    `sys.stdin` and `sys.stdout` stay None, so that whoever needs them can say that they are closed.
    """
    for descriptor in STREAMS:
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
    if sys.stderr is None:
        # print would write to standard output instead
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # open until the end
