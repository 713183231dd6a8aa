"""`LocalEngine`: processes of this machine, which are started anew when one of them dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

from latentfill.core.workers import Processes, processes
from latentfill.engines.engine import Item, Result, Shared

MOST_DEATHS = 20  # of processes in a row without any result, after which it is no use to start others


class LocalEngine:
    """An `Engine` of as many processes as the machine has processors, see `processes`."""

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """See `Engine.map`."""
        left, deaths = list(items), 0
        while left:
            with processes(len(left), _take_shared, (function, shared)) as pool:
                try:
                    for item, result in _results(pool, list(left)):
                        left.remove(item)
                        deaths = 0
                        yield result
                except BrokenProcessPool:  # a process has died, and those beside it with it: the rest once more
                    deaths += 1
                    if deaths == MOST_DEATHS:
                        raise


_work: tuple[Callable[[Any, Any], Any], Any]  # function and shared of this process


def _take_shared(function: Callable[[Shared, Item], Result], shared: Shared) -> None:
    global _work
    _work = (function, shared)


def _run(item: Any) -> Any:
    function, shared = _work
    return function(shared, item)


def _results(pool: Processes, items: Sequence[Item]) -> Iterator[tuple[Item, Any]]:
    """Each item with its result; a process gets an item when it is free, so that few are lost when one dies."""
    waiting, running = iter(items), dict[Future[Any], Item]()
    while True:
        for item in islice(waiting, pool.number - len(running)):
            running[pool.submit(_run, item)] = item
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield running.pop(future), future.result()
