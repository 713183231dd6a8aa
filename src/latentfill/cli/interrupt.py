"""Ctrl-C: one line that says which outputs are complete, and exit code 130 within a second."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Never

from latentfill.core import files
from latentfill.core.temporary import remove_temporary_files

INTERRUPTED = 130  # exit code of a command that Ctrl-C ended: 128 and the number of the signal
PATIENCE = 0.6  # seconds in which a run can clean up by itself
SHOWN = 5  # outputs that the line names
SHOW_CURSOR = "\x1b[?25h"  # progress bars hide it


class Interrupted(BaseException):
    """Raised by Ctrl-C; its notes are printed too. At a `KeyboardInterrupt`, typer would exit without a word."""


@contextmanager
def interruptible() -> Iterator[None]:
    """End the process with one line on stderr if Ctrl-C is pressed while the block runs.

    The exception of the signal cannot be raised during a long computation in compiled code, so a thread ends the
    process if the block has not ended after `PATIENCE`.
    """
    ending = _Ending()
    files.log.addHandler(ending)
    files.log.setLevel(logging.INFO)
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    handler, wakeup = signal.signal(signal.SIGINT, _raise), signal.set_wakeup_fd(writer.fileno())
    threading.Thread(target=ending.end_late, args=(reader,), daemon=True).start()
    try:
        yield
    except Interrupted as stop:
        ending.say(getattr(stop, "__notes__", ()))
        os._exit(INTERRUPTED)  # what an ordinary exit takes down, such as torch, can take a second
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGINT, handler)
        writer.close()
        files.log.removeHandler(ending)


def _raise(number: int, frame: FrameType | None) -> Never:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed once more, it would disturb the cleaning up
    raise Interrupted


class _Ending(logging.Handler):
    """The end of an interrupted run; hears from the log which outputs are complete."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []
        self.lock_to_say = threading.Lock()  # taken by who says the line

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.INFO:
            self.kept.append(record.getMessage().removeprefix("wrote "))

    def say(self, notes: tuple[str, ...] = ()) -> None:
        """Print the line, unless it has been printed."""
        if self.lock_to_say.acquire(blocking=False):
            print(" ".join([self._line(), *notes]), file=sys.stderr, flush=True)

    def end_late(self, reader: socket.socket) -> None:
        """Wait for Ctrl-C, and some time later end the process."""
        with reader:
            while number := reader.recv(1):
                if number[0] == signal.SIGINT:
                    time.sleep(PATIENCE)
                    print(SHOW_CURSOR if sys.stderr.isatty() else "", end="", file=sys.stderr)
                    self.say()
                    remove_temporary_files()
                    os._exit(INTERRUPTED)

    def _line(self) -> str:
        if not self.kept:
            return "interrupted: no output was written; what was there before is unchanged."
        more = f" and {len(self.kept) - SHOWN} more" if len(self.kept) > SHOWN else ""
        return f"interrupted: complete and kept: {', '.join(self.kept[:SHOWN])}{more}; nothing else was written."
