"""Settings of torch: device, seed, threads and memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.messages import quoted


def pick_device(name: str) -> torch.device:
    """The torch device called `name`; "auto" is the GPU if there is one. Raises `InputError` if torch cannot use it.

    Inside `only_shapes`, no device.
    """
    if torch.get_default_device().type == "meta":
        return torch.device("meta")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {quoted(name)} cannot be used here ({error}); use 'auto' or 'cpu'.") from error
    return device


def only_shapes() -> torch.device:
    """A context in which networks have shapes but no numbers, and so take no memory."""
    return torch.device("meta")


def training_precision(config: Config, device: torch.device) -> AbstractContextManager[object]:
    """A context in which a network that is trained multiplies matrices in bfloat16, if the settings say so."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.training.bfloat16)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's generator inside the block, and restore its state afterwards.

    Initial weights and dropout of a network then depend on the seed alone, not on networks trained before.
    """
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread inside the block, for linear algebra on small matrices.

    More threads gain little there, and on a busy machine they spend most of the time waiting for each other.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
