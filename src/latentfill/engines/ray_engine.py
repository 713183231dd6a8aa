"""`RayEngine`: actors of a Ray cluster, by Ray Data over the items."""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from latentfill.core.errors import InputError
from latentfill.core.extras import check_extra
from latentfill.core.workers import THREAD_VARIABLES
from latentfill.engines.engine import Item, Result, Shared

REACHED_WITHIN = 20  # seconds for a cluster to answer
CPUS = 0.9  # of each actor, so that Ray Data has some left for its own tasks: without any, all would wait for ever
ON_THE_MACHINES = ("AWS_", "GOOGLE_", "AZURE_", "LATENTFILL_")  # beginnings of the variables that a local cluster gets


class RayEngine:
    """An `Engine` of actors in a Ray cluster."""

    def __init__(self, address: str | None) -> None:
        self.address = address

    @classmethod
    def installed(cls, address: str | None) -> RayEngine:
        """The engine; an `InputError` if Ray is not installed, or if no cluster answers at the address."""
        check_extra("--engine ray", ["ray"], "ray")
        _check_answers(address)
        return cls(address)

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """See `Engine.map`."""
        if not items:
            return
        with _cluster(self.address) as number, _refusing_without_room():
            yield from _map(function, shared, items, number)


def _map(
    function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item], number: int
) -> Iterator[Result]:
    """The results, from at most so many actors; to Ray, items and results are bytes."""
    import ray
    from ray import cloudpickle

    rows = ray.data.from_items([{"item": pickle.dumps(item)} for item in items], override_num_blocks=len(items))
    done = rows.map(
        cast(Any, _Actor),
        fn_constructor_args=(ray.put(cast(Any, cloudpickle).dumps((function, shared))),),  # once for each machine
        compute=ray.data.ActorPoolStrategy(size=min(number, len(items)), max_tasks_in_flight_per_actor=1),
        num_cpus=CPUS,
    )  # actors that die are restarted, and their tasks tried again, without an end
    for row in done.iter_rows():
        yield pickle.loads(row["result"])


class _Actor:
    """One of the processes, which keeps what is shared."""

    def __init__(self, work: Any) -> None:
        import ray

        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
        data = ray.get(work) if isinstance(work, ray.ObjectRef) else work
        self.function, self.shared = pickle.loads(data)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"result": pickle.dumps(self.function(self.shared, pickle.loads(row["item"])))}


@contextmanager
def _cluster(address: str | None) -> Iterator[int]:
    """Connect to a cluster, or start one on this machine for the block; yields how many processors it has."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    _quiet()
    was_connected = ray.is_initialized()
    if not was_connected:
        _connect(address)
    try:
        yield max(1, int(cast(Any, ray).cluster_resources().get("CPU", 1)))
    finally:
        if not was_connected:
            ray.shutdown()


@contextmanager
def _refusing_without_room() -> Iterator[None]:
    """Raise an `InputError` if Ray has neither memory nor disk for what is passed between its processes."""
    from ray.exceptions import ObjectStoreFullError, OutOfDiskError

    try:
        yield
    except (ObjectStoreFullError, OutOfDiskError) as error:
        raise InputError(
            f"Ray has no room for the model and the results of parts ({type(error).__name__}): its memory is full, and "
            "so is the disk that it writes to instead. Make room there, name another folder with RAY_TMPDIR before the "
            "cluster starts, or use --engine local. Finished parts are kept: the same command goes on from them."
        ) from error


def _check_answers(address: str | None) -> None:
    """Raise an `InputError` if nothing answers at the host and port of an address: Ray itself would try for minutes."""
    parts = urlsplit(address if address and "://" in address else f"//{address or ''}")
    try:
        if parts.hostname and parts.port:
            socket.create_connection((parts.hostname, parts.port), timeout=REACHED_WITHIN).close()
    except (OSError, ValueError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str | None, error: Exception) -> InputError:
    return InputError(
        f"the Ray cluster at {address} cannot be reached: {error}. Check that it runs (ray status --address "
        f"{address}), or leave out --address to start one on this machine."
    )


def _connect(address: str | None) -> None:
    import ray

    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False, "include_dashboard": False}
    if address is None:
        ray.init(address="local", **options)
        return
    del options["include_dashboard"]
    try:
        ray.init(address=address, **options)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        raise _unreachable(address, error) from error


def _quiet() -> None:
    """Leave out Ray Data's own progress bars and messages."""
    import ray

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
