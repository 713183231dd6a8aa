"""Work on several threads."""

from __future__ import annotations

import threading
import time

import pytest

from latentfill.core.workers import MOST_THREADS, in_parallel


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
