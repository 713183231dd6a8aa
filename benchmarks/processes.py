"""Runs a command as a process of its own, and measures it; writes the tables that such commands read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common import Row
from latentfill.core.series import FloatArray, TimeArray
from latentfill.tables.backends.table_files import write_columns

MEASURES = ("seconds", "cpu_seconds", "peak_megabytes")

# The peak memory of a process is at least that of the process that started it, so a small one starts the command.
LAUNCHER = """
import json, os, sys, time

began = time.monotonic()
_, status, usage = os.wait4(os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ), 0)
measures = time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024
with open(sys.argv[1], "w") as file:
    json.dump([*measures, os.waitstatus_to_exitcode(status)], file)
"""


class CommandError(Exception):
    """A command failed, or took longer than allowed; the message says which, with the end of its output."""


def run(command: Sequence[str], folder: Path, timeout: float | None = None) -> Row:
    """Run a command to its end: its duration, its processor time and its peak memory.

    Modules are compiled into `folder`, which also takes the command's output. Raises a `CommandError` if the command
    fails, or runs for more than `timeout` seconds.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    usage, output = folder / "usage.json", folder / "output.txt"
    launcher = (sys.executable, "-S", "-c", LAUNCHER, str(usage), *command)
    with output.open("w") as file:
        process = subprocess.Popen(
            launcher, env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise CommandError(f"more than {timeout:.0f} s") from None
        finally:
            _end(process)
    *measures, code = json.loads(usage.read_text())
    if code:
        raise CommandError(f"{' '.join(command)} failed with code {code}:\n{output.read_text()}")
    return dict(zip(MEASURES, (round(measure, 3) for measure in measures), strict=True))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def write(stamps: TimeArray, values: FloatArray, path: Path) -> None:
    """Write a table (T, C) as CSV, its stamps in a column `time`."""
    texts = np.char.replace(np.datetime_as_string(stamps, unit="s"), "T", " ")
    write_columns({"time": texts, **{f"c{c}": column for c, column in enumerate(values.T)}}, path)
