"""Independent pieces of work side by side, in threads or processes, and linear algebra on one thread."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MOST_THREADS = 4  # each needs memory for its own piece of work

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_parallel(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """The function's results for all items, in their order; it must release the interpreter's lock to gain time.

    There are as many threads as `OMP_NUM_THREADS` says, or else as processors, but at most `MOST_THREADS`.
    """
    threads = n_threads()
    if threads == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


def in_processes(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """The function's results for all items, in their order, from as many processes as `in_parallel` has threads.

    Function, items and results are pickled. Each process computes with one thread.
    """
    if min(n_threads(), len(items)) <= 1:
        yield from map(function, items)
        return
    found: dict[int, _Result] = {}
    following = 0
    with processes(len(items)) as pool:
        for number, result in pool.results(function, items):
            found[number] = result
            while following in found:
                yield found.pop(following)
                following += 1


class Processes:
    """Processes that work side by side, each with one thread; one that dies takes none of the others with it."""

    def __init__(self, number: int, start: Callable[..., None] | None, arguments: Sequence[object]) -> None:
        self._start = (start, tuple(arguments))
        self._pools = [self._new() for _ in range(number)]

    def results(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item], most_deaths: int = 0
    ) -> Iterator[tuple[int, _Result]]:
        """Number and result of each item, in the order in which they are done; function and items are pickled.

        An item whose process dies is given to a new one, unless more than `most_deaths` have died in a row.
        """
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        waiting, deaths = enumerate(items), 0
        running: dict[Future[_Result], tuple[int, int, _Item]] = {}

        def give(at: int, number: int, item: _Item) -> None:
            with _interrupts_held_back():
                running[self._pools[at].submit(function, item)] = at, number, item

        for at, (number, item) in zip(range(len(self._pools)), waiting, strict=False):
            give(at, number, item)
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                at, number, item = running.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    deaths += 1
                    if deaths > most_deaths:
                        raise
                    self._pools[at].shutdown()
                    self._pools[at] = self._new()
                    give(at, number, item)
                    continue
                deaths = 0
                if following := next(waiting, None):
                    give(at, *following)
                yield number, result

    def end(self) -> None:
        """Let the processes end."""
        for pool in self._pools:
            pool.shutdown()

    def _new(self) -> ProcessPoolExecutor:
        from concurrent.futures import ProcessPoolExecutor  # here, because few runs need it
        from multiprocessing import get_context

        return ProcessPoolExecutor(1, get_context("spawn"), _start, self._start)


@contextmanager
def processes(
    most: int, start: Callable[..., None] | None = None, arguments: Sequence[object] = ()
) -> Iterator[Processes]:
    """As many processes as `in_parallel` has threads, but at most so many; they end with the block.

    Each calls `start` with the arguments before it works. When the block fails, they are ended at once.
    """
    from multiprocessing import active_children

    number = max(1, min(n_threads(), most))  # before each is told to use one thread
    with _one_thread_each():
        pool = Processes(number, start, arguments)
        try:
            yield pool
        except BaseException:  # an interrupt too: the others need not end their work
            for process in active_children():
                process.terminate()
            raise
        finally:
            pool.end()


def _start(start: Callable[..., None] | None, arguments: Sequence[object]) -> None:
    _end_with_parent()
    if start is not None:
        start(*arguments)


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


def n_threads() -> int:
    """How many pieces of work go on side by side."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return min(MOST_THREADS, int(asked))
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_THREADS, processors)
