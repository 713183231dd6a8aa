"""Independent pieces of work side by side, in threads or processes, and linear algebra on one thread."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MOST_THREADS = 4  # each needs memory for its own piece of work

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_parallel(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """The function's results for all items, in their order; it must release the interpreter's lock to gain time.

    There are as many threads as `OMP_NUM_THREADS` says, or else as processors, but at most `MOST_THREADS`.
    """
    threads = _threads()
    if threads == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


def in_processes(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """The function's results for all items, in their order, from as many processes as `in_parallel` has threads.

    Function, items and results are pickled. Each process computes with one thread.
    """
    processes = min(_threads(), len(items))
    if processes <= 1:
        yield from map(function, items)
        return
    from concurrent.futures import ProcessPoolExecutor  # here, because few runs need it
    from multiprocessing import active_children, get_context

    with _one_thread_each(), ProcessPoolExecutor(processes, get_context("spawn"), _end_with_parent) as pool:
        try:
            with _interrupts_held_back():
                results = pool.map(function, items)
            yield from results
        except BaseException:  # an interrupt too: the others need not end their work
            for process in active_children():
                process.terminate()
            raise


def _end_with_parent() -> None:
    """Let this process end when the one that started it is killed, not wait for work for ever."""
    from multiprocessing import parent_process

    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let processes that are started inside the block never see Ctrl-C: this process ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that are started inside the block compute with one thread."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Use one thread for NumPy's and SciPy's linear algebra inside the block, which works on small matrices.

    More threads gain little there, and on a busy machine they spend most of the time waiting for each other.
    """
    with _linear_algebra().limit(limits=1, user_api="blas"):
        yield


@cache
def _linear_algebra() -> Any:
    """The libraries of NumPy and SciPy, once both are loaded; to find them takes as long as many small fits."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()


def _threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return min(MOST_THREADS, int(asked))
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_THREADS, processors)
