"""Threads: independent pieces of work side by side, and linear algebra on one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

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


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Use one thread for NumPy's and SciPy's linear algebra inside the block, which works on small matrices.

    More threads gain little there, and on a busy machine they spend most of the time waiting for each other.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1, user_api="blas"):
        yield


def _threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return min(MOST_THREADS, int(asked))
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_THREADS, processors)
