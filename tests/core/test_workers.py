"""Work on several threads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import scipy.linalg  # noqa: F401 - its library is one of those that are looked at
from threadpoolctl import threadpool_info, threadpool_limits

from latentfill.core.workers import MOST_THREADS, in_parallel, one_blas_thread


def test_results_come_in_the_order_of_the_items(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    barrier = threading.Barrier(3, timeout=10)  # passes only if three items are worked on at the same time

    def wait(item: int) -> int:
        barrier.wait()
        return item * item

    assert in_parallel(wait, range(6)) == [0, 1, 4, 9, 16, 25]


def test_one_thread_is_the_caller_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert set(in_parallel(lambda _: threading.current_thread(), range(3))) == {threading.current_thread()}


def test_an_error_of_one_item_reaches_the_caller(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with pytest.raises(ZeroDivisionError):
        in_parallel(lambda item: 1 / item, [1, 0, 2])


@pytest.mark.parametrize("asked", ["", "0", "many"])
def test_without_a_number_there_are_as_many_threads_as_processors(monkeypatch: pytest.MonkeyPatch, asked: str):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert in_parallel(str, range(3)) == ["0", "1", "2"]


def test_many_processors_do_not_mean_many_threads(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    names = in_parallel(lambda _: time.sleep(0.01) or threading.current_thread().name, range(64))
    assert 1 < len(set(names)) <= MOST_THREADS


IN_PROCESSES = """
import os, sys, time
from pathlib import Path
from latentfill.core.workers import in_processes
def work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)
if __name__ == "__main__":
    list(in_processes(work, [sys.argv[1]] * 2))
"""


def is_alive(process: int) -> bool:
    """Whether a process runs; one that has ended, and waits for its parent to notice, does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the state of processes as Linux tells it")
def test_the_processes_of_a_killed_run_end_too(tmp_path: Path):
    script, folder = tmp_path / "script.py", tmp_path / "workers"
    script.write_text(IN_PROCESSES)
    folder.mkdir()
    command = [sys.executable, script, folder]
    with subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "2"}) as process:
        wait_until(lambda: len(list(folder.iterdir())) == 2)
        process.kill()
    workers = [int(path.name) for path in folder.iterdir()]
    wait_until(lambda: not any(map(is_alive, workers)))


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):  # a minute, on a machine that has much else to do
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("it took more than a minute")


def test_linear_algebra_has_one_thread_inside_a_block_and_as_many_as_before_after_it():
    def threads() -> list[int]:
        libraries = [each for each in threadpool_info() if {"numpy", "scipy"} & set(re.split(r"\W", each["filepath"]))]
        return [each["num_threads"] for each in libraries if each["user_api"] == "blas"]

    with threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        for _ in range(2):
            with one_blas_thread():
                assert set(threads()) <= {1}
            assert threads() == before
