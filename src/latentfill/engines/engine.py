"""`Engine`: what runs the pieces of a work, on this machine or on many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(Protocol):
    """Runs the pieces of a work, in any order and some of them more than once.

    Another engine needs this one method: Dask's would submit a task for each item, Spark's map an RDD of them.
    """

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """The results of `function(shared, item)` for all items, in the order in which they are done.

        `shared` reaches each machine once. An item whose process dies is given to another one, again and again: it is
        for `function` to notice that it was begun before. Function, items and results are pickled, each function
        computes with one thread. Errors of `function` are raised here.
        """
