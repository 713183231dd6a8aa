"""Arrays of numbers as frames hold them, and back into arrays of their own type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def plain(values: NDArray[Any]) -> NDArray[Any]:
    """The numbers in the byte order of the machine, floats with 32 or 64 bits."""
    if values.dtype.kind == "f":
        return values.astype(np.float32 if values.dtype.itemsize <= 4 else np.float64)
    return values.astype(values.dtype.newbyteorder("="))


def with_filled(given: NDArray[Any], filled: NDArray[Any]) -> NDArray[Any]:
    """A copy of an array of any type of numbers with those cells of a `filled` plain one that differ from it."""
    is_new = (plain(given) != filled) & ~np.isnan(filled)
    new = given.copy()
    new[is_new] = of_type(filled[is_new], given.dtype)
    return new


def of_type(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Numbers in another type; what is too large for a type of floats becomes the largest number that it holds."""
    if dtype.kind == "f":
        largest = np.finfo(dtype).max
        values = np.clip(values, -largest, largest) if np.finfo(values.dtype).max > largest else values
    return values.astype(dtype)
