"""Damage to files: as numbers and values that hypothesis or any random generator draws, and applied to bytes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

# --- bytes ---------------------------------------------------------------------------------------

Change = tuple[str, float, int]  # what is done, at which share of the bytes, and with which byte


def changed_bytes(data: bytes, changes: Sequence[Change]) -> bytes:
    """The bytes after some changes: flip, cut (off the end), drop, double or zero."""
    for what, share, byte in changes:
        at = int(share * len(data))
        if what == "flip":
            data = data[:at] + bytes([data[at] ^ (byte or 1)]) + data[at + 1 :] if data else data
        elif what == "cut":
            data = data[:at]
        elif what == "drop":
            data = data[:at] + data[at + 1 + byte :]
        elif what == "double":
            data = data[: at + byte] + data[at:]
        else:
            data = data[:at] + bytes(min(byte, len(data) - at)) + data[at + byte :]
    return data


def byte_changes() -> st.SearchStrategy[list[Change]]:
    """One to three changes of bytes, mostly flips."""
    what = st.sampled_from(["flip", "flip", "flip", "cut", "drop", "double", "zero"])
    share = st.floats(0, 1, exclude_max=True, allow_subnormal=False)
    return st.lists(st.tuples(what, share, st.integers(0, 255)), min_size=1, max_size=3)


# --- JSON ----------------------------------------------------------------------------------------

Place = tuple[Any, ...]  # keys and positions
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 10**30, 0.0, -0.0, 0.5, 1e30, 1e308, -1e308, 1e-320),
    *(float("nan"), float("inf"), float("-inf"), "", "1", "nan", "../../a", "\0", "x" * 1000),
    *([], [[]], [None], {}, {"a": 1}, [1, "2", None], "linear", "auto", "denoise"),
)
REMOVED = object()  # in place of a value: the key or item is left out


def places(value: object, at: Place = ()) -> Iterator[Place]:
    """Where each value in a value of JSON is."""
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*at, key))


def changed_json(text: bytes, changes: Sequence[tuple[float, Any]]) -> bytes:
    """JSON in which the values at some shares of all places are other values."""
    whole = json.loads(text)
    for share, value in changes:
        all_places = list(places(whole))
        if not all_places:
            return json.dumps(whole).encode()
        *outer, last = all_places[int(share * len(all_places))]
        holder = whole
        for key in outer:
            holder = holder[key]
        if value is REMOVED:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(value)
    return json.dumps(whole).encode()


def json_changes() -> st.SearchStrategy[list[tuple[float, Any]]]:
    """One to three odd values and where they go."""
    share = st.floats(0, 1, exclude_max=True, allow_subnormal=False)
    return st.lists(st.tuples(share, st.sampled_from([*ODD, REMOVED])), min_size=1, max_size=3)


# --- arrays --------------------------------------------------------------------------------------

ARRAY_CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nan": lambda array: _with(array, np.nan),
    "infinity": lambda array: _with(array, -np.inf),
    "huge": lambda array: _with(array, 1e30),
    "large": lambda array: _with(array, 1e9),
    "negative": lambda array: -array if array.dtype.kind != "b" else ~array,
    "zero": np.zeros_like,
    "wide": lambda array: array[None],
    "flat": np.ravel,
    "half": lambda array: array[: len(array) // 2] if array.ndim else array,
    "double": lambda array: np.concatenate([array, array]) if array.ndim else array,
    "integers": lambda array: np.nan_to_num(array).clip(-1e9, 1e9).astype(np.int64),
    "double precision": lambda array: array.astype(np.float64),
    "single precision": lambda array: array.astype(np.float32),
    "empty": lambda array: array[:0] if array.ndim else array,
}


def _with(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    if changed.size:
        limits = None if changed.dtype.kind == "f" else np.iinfo(changed.dtype) if changed.dtype.kind in "iu" else None
        if changed.dtype.kind == "f":
            changed.ravel()[changed.size // 2] = np.float64(value).astype(changed.dtype)
        elif limits is not None:
            changed.ravel()[changed.size // 2] = limits.max if value > 0 else limits.min
    return changed


def array_changes() -> st.SearchStrategy[list[tuple[float, str]]]:
    """One or two kinds of damage to arrays, and which arrays they befall."""
    share = st.floats(0, 1, exclude_max=True, allow_subnormal=False)
    return st.lists(st.tuples(share, st.sampled_from(sorted(ARRAY_CHANGES))), min_size=1, max_size=2)
