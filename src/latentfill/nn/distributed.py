"""Training in several processes: each takes its share of every batch, and the gradients of all are summed.

Every process draws the random numbers of whole batches, and keeps those of its share.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from latentfill.core.errors import InputError
from latentfill.nn.runtime import pick_device, seeded

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

JOINING = timedelta(seconds=60)  # in which all processes must have started
WAITING = timedelta(minutes=30)  # longest time that a process waits for another one, such as for a slower machine


@dataclass(frozen=True, slots=True, eq=False)
class Processes:
    """The processes that train together."""

    rank: int = 0  # of this process, from 0
    size: int = 1
    group: ProcessGroup | None = None  # None: this process trains alone

    @property
    def alone(self) -> bool:
        return self.group is None

    def divisible(self, windows: int) -> int:
        """A number of windows that all processes can take equal shares of: `windows`, or a few more."""
        return -(-windows // self.size) * self.size

    def whole(self, share: int) -> int:
        """The number of windows in a batch of which this process has a `share`."""
        return share * self.size

    def share(self, windows: int) -> slice:
        """The part of a batch of so many `windows`, which is divisible, that this process takes."""
        each = windows // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum of the tensors of all processes, the same in each; `tensor` is replaced by it."""
        return self._together(torch.distributed.all_reduce, tensor)

    def of_first(self, tensor: Tensor) -> Tensor:
        """The tensor of the first process, by which `tensor` is replaced."""
        return self._together(partial(torch.distributed.broadcast, src=0), tensor)

    def _together(self, operation: Callable[..., object], tensor: Tensor) -> Tensor:
        if self.alone:
            return tensor
        try:
            operation(tensor, group=self.group)
        except RuntimeError as error:
            raise InputError(
                f"process {self.rank + 1} of {self.size} cannot go on: another one has ended or does not answer "
                f"({_first_line(error)}). What it printed says why; start all of them again."
            ) from error
        return tensor


ALONE = Processes()
_joined = [ALONE]  # the last one counts


def processes() -> Processes:
    """The processes that train together with this one."""
    return _joined[-1]


@contextmanager
def joined(device: str, joining: timedelta = JOINING) -> Iterator[Processes]:
    """Within it, networks are trained together with the other processes that torch's launcher has started.

    `device` is that of the settings; each process of a machine has a GPU of its own. Raises an `InputError` unless all
    processes have started after `joining`.
    """
    backend = _backend(pick_device(device))
    try:
        torch.distributed.init_process_group(backend, timeout=joining)
        group = torch.distributed.new_group(timeout=WAITING)
    except (ValueError, RuntimeError) as error:
        raise InputError(_cannot_join(error, joining)) from error
    _joined.append(Processes(torch.distributed.get_rank(), torch.distributed.get_world_size(), group))
    try:
        yield processes()
    finally:
        _joined.pop()
        torch.distributed.destroy_process_group()


@contextmanager
def own_draws() -> Iterator[None]:
    """Within it, each process draws other numbers from torch's generator; afterwards all go on with the same ones.

    It is for the dropout inside torch's layers, which knows only the share of the process.
    """
    if processes().alone:
        yield
        return
    common = int(torch.randint(2**62, ()))
    with seeded(common + processes().rank):
        yield


def of_share(draw: Callable[..., Tensor], like: Tensor) -> Tensor:
    """What `draw`, such as `torch.randn`, draws for a batch: this process gets its share, in the shape of `like`."""
    whole = processes().whole(len(like))
    return draw(whole, *like.shape[1:], device=like.device)[processes().share(whole)]


def _backend(device: torch.device) -> str:
    """The library that passes tensors on this kind of device; with GPUs, this process gets one of its own."""
    if device.type != "cuda":
        return "gloo"
    own, found = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if own >= found:
        raise InputError(
            f"there are more processes on this machine than GPUs ({found}): start {found} (--nproc-per-node {found}), "
            "or use --device cpu."
        )
    torch.cuda.set_device(own)
    return "nccl"


def _cannot_join(error: Exception, joining: timedelta) -> str:
    names = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    found = ", ".join(f"{name}={os.environ[name]}" for name in names if name in os.environ)
    return (
        f"the processes that train together did not find each other within {joining.total_seconds():g} s ({found}: "
        f"{_first_line(error)}). Start all of them with torchrun, such as `torchrun --nproc-per-node 2 -m latentfill "
        "fit ...`; to work in one process, unset WORLD_SIZE."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
