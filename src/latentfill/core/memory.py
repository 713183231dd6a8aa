"""Memory of the process."""

from __future__ import annotations

import ctypes
import sys


def return_free_memory() -> None:
    """Give freed memory back to the operating system, if the C library is glibc.

    Otherwise the process keeps gigabytes of fragmented free memory after many large arrays of different sizes.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
