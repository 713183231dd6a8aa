"""What the machine has and how fast it is: memory, disk, and the time of a small piece of work."""

from __future__ import annotations

import os
import shutil
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

SIZE = 220  # rows of the matrix that is factorised
FAR = 500_000  # numbers, which are more than the fastest memory of a processor holds
ROUNDS = 25  # of which the median counts
USUAL = 0.0225  # processor seconds of a round on the machine where the costs were measured
_CGROUP = Path("/sys/fs/cgroup")


class Speed(NamedTuple):
    """How fast work goes on here."""

    slowness: float  # processor time of work, as a multiple of that where the costs were measured
    waiting: float  # time that passes as a multiple of processor time; 1 where no other process disturbs


def measured_speed() -> Speed:
    """The speed of this machine, from small pieces of work that take about half a second.

    They are made of what fits are made of: factorising a matrix, sorting numbers, taking numbers from all over the
    memory, and steps of the interpreter.
    """
    import numpy as np

    many = np.sin(np.arange(FAR) ** 2.0)  # as good as random
    root, numbers = many[: SIZE * SIZE].reshape(SIZE, SIZE), many[:20_000]
    matrix, places = root @ root.T + SIZE * np.eye(SIZE), np.argsort(many[:: FAR // 50_000]) * (FAR // 50_000)
    clocks = [(time.perf_counter(), time.process_time())]
    while len(clocks) <= ROUNDS:
        for _ in range(4):
            np.linalg.solve(matrix, np.linalg.cholesky(matrix))
            np.sort(numbers)
        np.where(many > 0, many, 0.0).take(places).sum()
        len({str(step) for step in range(15_000)})
        clocks.append((time.perf_counter(), time.process_time()))
    passed, spent = np.diff(np.array(clocks), axis=0).T
    return Speed(float(np.median(spent)) / USUAL, max(1.0, float(passed.sum() / max(spent.sum(), 1e-9))))


@cache
def machine_memory() -> int | None:
    """Bytes of memory that the machine or its container has; None if it is not known."""
    return min((size for size in (_in_machine(), _limit_of_group()) if size), default=None)


def available_memory() -> int | None:
    """Bytes that this process can still take before others are ended or disturbed; None if it is not known.

    That is what the system has left, and not more than what limits of the process and its container leave.
    """
    known = [bytes_left for bytes_left in (_left_in_system(), _left_in_group(), _left_to_process()) if bytes_left]
    return min(known, default=None)


def available_disk(folder: Path) -> int | None:
    """Bytes that can be written into a folder, or into the nearest one above it that exists; None if not known."""
    while not os.path.exists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _left_in_system() -> int | None:
    information = _numbers(Path("/proc/meminfo"))
    if "MemAvailable:" in information:
        return information["MemAvailable:"] * 1024
    whole = _in_machine()
    return None if whole is None else whole // 2  # macOS: half of all is usually left


def _in_machine() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def _limit_of_group() -> int | None:
    """The limit of a container; None without one, where the file says `max`."""
    try:
        return int((_CGROUP / "memory.max").read_text())
    except (OSError, ValueError):
        return None


def _left_in_group() -> int | None:
    """What the limit of a container leaves, without files that are only cached."""
    limit = _limit_of_group()
    if limit is None:
        return None
    try:
        cached = _numbers(_CGROUP / "memory.stat").get("inactive_file", 0)
        return max(1, limit - int((_CGROUP / "memory.current").read_text()) + cached)
    except (OSError, ValueError):
        return None


def _left_to_process() -> int | None:
    """What `ulimit -v` leaves."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError, ValueError):
        return None
    return None if limit == resource.RLIM_INFINITY else max(1, limit - pages * resource.getpagesize())


def _numbers(path: Path) -> dict[str, int]:
    """The first words of the lines of a file with the numbers behind them."""
    try:
        lines = (line.split() for line in path.read_text().splitlines())
        return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}
    except OSError:
        return {}
