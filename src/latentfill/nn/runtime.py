"""Where and how reproducibly torch computes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from latentfill.core.errors import InputError


def pick_device(name: str) -> torch.device:
    """The device of that name; `auto` is a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {name!r} cannot be used here ({error}); use 'auto' or 'cpu'.") from error
    return device


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Initial weights and dropout inside come from `seed`; the caller's generator is left as it was.

    Each network starts from the seed anew, so that it comes out the same whatever else is trained.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on small matrices inside uses one thread.

    More threads gain little there, and on a busy machine they wait for each other for many times as long.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def return_free_memory() -> None:
    """Hand memory that was freed back to the system, where the C library can (glibc).

    Thousands of training steps otherwise leave gigabytes of free but scattered memory with the process.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
