"""How much memory reading files may take; a small file can declare, or unpack to, more than a machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from latentfill.core.errors import InputError, MemoryLimitError
from latentfill.core.machine import machine_memory

VARIABLE = "LATENTFILL_MAX_MEMORY"  # in GB; an environment variable, so that worker processes have the same limit
SHARE = 0.5  # of the machine's memory, by default: the other half is for filling what was read
UNKNOWN = 4.0  # GB, the default where the machine's memory cannot be found
GB = 1e9

_kept: ContextVar[list[float] | None] = ContextVar("kept", default=None)  # bytes of files that are kept together


def memory_limit() -> float:
    """Bytes that reading may take: those that the user allows, or a share of the machine's memory."""
    given = os.environ.get(VARIABLE)
    return SHARE * (machine_memory() or UNKNOWN / SHARE * GB) if given is None else parse_gigabytes(given) * GB


def set_memory_limit(gigabytes: str | float) -> None:
    """Set the limit of this process and of those that it starts."""
    os.environ[VARIABLE] = f"{parse_gigabytes(str(gigabytes)):g}"


def parse_gigabytes(text: str) -> float:
    """The number in a text; an `InputError` if it is no number above 0. The word none is no limit."""
    with suppress(ValueError):
        number = float("inf") if text.strip() == "none" else float(text)
        if number > 0:
            return number
    raise InputError(f"the memory limit (--max-memory, {VARIABLE}) is a number of GB above 0, or none, got {text!r}.")


@contextmanager
def kept_together() -> Iterator[None]:
    """Inside the block, what the files need is added up, as all of them are kept."""
    token = _kept.set([0.0])
    try:
        yield
    finally:
        _kept.reset(token)


def check_memory(needed: float, what: object, *, unpacking: bool = False) -> None:
    """Raise a `MemoryLimitError` if reading `what`, such as a path, needs more bytes than the limit.

    To be called before the memory is taken; while `unpacking`, what is needed in the end is not known.
    """
    kept = _kept.get()
    total = needed + (kept[0] if kept else 0.0)
    if total > memory_limit():
        about, enough = ("more than", "none") if unpacking else ("about", f"{_rounded_up(total):g}")
        before = "" if total == needed else f", and the files read with it {_shown(total - needed)} more"
        raise MemoryLimitError(
            f"{what} needs {about} {_shown(needed)} of memory to be read{before}, above the limit of "
            f"{_shown(memory_limit())}. A small file that needs that much may be damaged or made to harm. If you trust "
            f"it and have the memory, allow more GB: --max-memory {enough}, or the environment variable {VARIABLE}."
        )
    if kept is not None and not unpacking:
        kept[0] = total


def _shown(n_bytes: float) -> str:
    size = n_bytes / GB
    return f"{size:,.0f} GB" if size >= 1000 else f"{size:.3g} GB"


def _rounded_up(n_bytes: float) -> float:
    """A whole number of GB that is enough."""
    return float(int(n_bytes / GB) + 1)
