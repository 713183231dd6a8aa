"""`LocalEngine`: processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from latentfill.core.workers import processes
from latentfill.engines.engine import Item, Result, Shared

MOST_DEATHS = 20  # of processes in a row without any result, after which it is no use to start others


class LocalEngine:
    """An `Engine` of as many processes as the machine has processors, see `processes`."""

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """See `Engine.map`."""
        with processes(len(items), _take, (function, shared)) as pool:
            for _, result in pool.results(_run, items, MOST_DEATHS):
                yield result


_work: tuple[Callable[[Any, Any], Any], Any]  # function and shared of this process


def _take(function: Callable[[Shared, Item], Result], shared: Shared) -> None:
    global _work
    _work = (function, shared)


def _run(item: Any) -> Any:
    function, shared = _work
    return function(shared, item)
