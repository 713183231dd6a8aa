"""Conversions between pyarrow and Python or numpy, without pandas.

pyarrow's own conversions (`pyarrow.array`, `pyarrow.scalar`, `to_numpy`) import pandas where it is installed. That
takes longer than it takes to fill a small table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import BoolArray, FloatArray, IntArray, TimeArray

if TYPE_CHECKING:
    import pyarrow as pa

# --- to pyarrow ---------------------------------------------------------------------------------------------


def text_array(texts: Iterable[str | None]) -> pa.StringArray:
    """Texts as an array, null for None."""
    import pyarrow as pa

    encoded = [None if text is None else text.encode() for text in texts]
    ends = np.cumsum([0, *(len(text or b"") for text in encoded)])
    known = np.array([text is not None for text in encoded], dtype=bool)
    buffers = [_bits(known), pa.py_buffer(ends), pa.py_buffer(b"".join(text or b"" for text in encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(encoded), buffers).cast(pa.string())


def text_scalar(text: str | None) -> pa.StringScalar:
    """A text, or null, as an argument of functions in `pyarrow.compute`."""
    return text_array([text])[0]


def number_array(numbers: NDArray[Any]) -> pa.Array:
    """Numbers (n,) as an array of the same type."""
    import pyarrow as pa

    kind = pa.from_numpy_dtype(numbers.dtype)
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


def in_one_piece(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The array as one piece."""
    import pyarrow as pa

    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def take_rows(array: pa.Array, rows: IntArray) -> pa.Array:
    """Only these rows of an array, in this order; rows that follow each other are not copied."""
    if len(rows) and (np.diff(rows) == 1).all():
        return array.slice(int(rows[0]), len(rows))
    return array.take(number_array(rows))


def mask_array(mask: BoolArray) -> pa.BooleanArray:
    """A mask (n,) as an array."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.bool_(), len(mask), [None, _bits(mask)])


def _bits(mask: BoolArray) -> pa.Buffer:
    """A mask with one bit per element, as pyarrow stores it."""
    import pyarrow as pa

    return pa.py_buffer(np.packbits(mask, bitorder="little"))


# --- from pyarrow -------------------------------------------------------------------------------------------


def to_mask(array: pa.Array | pa.ChunkedArray) -> BoolArray:
    """A boolean array as a mask (n,), False for null."""
    import pyarrow as pa

    return _to_numpy(array.cast(pa.uint8()), np.uint8(0)).astype(bool)


def to_integers(array: pa.Array | pa.ChunkedArray, *, null: int) -> IntArray:
    """Whole numbers, or texts of them, as an array (n,); `null` takes the place of nulls."""
    import pyarrow as pa

    return _to_numpy(array.cast(pa.int64()), np.int64(null))


def to_times(array: pa.Array | pa.ChunkedArray) -> TimeArray:
    """Times, or texts of them in ISO 8601, as moments in whole seconds (n,), NaT for null."""
    import pyarrow as pa

    return to_integers(array.cast(pa.timestamp("s")), null=np.iinfo(np.int64).min).view("datetime64[s]")


def to_floats(array: pa.Array | pa.ChunkedArray) -> FloatArray:
    """Numbers, or texts of them, as an array (n,), NaN for null."""
    import pyarrow as pa

    return _to_numpy(array.cast(pa.float64()), np.float64(np.nan))


def _to_numpy(array: pa.Array | pa.ChunkedArray, null: np.number[Any]) -> NDArray[Any]:
    """Numbers as an array (n,) of their own, which is also the type of `null`, the number in place of nulls."""
    whole = in_one_piece(array)
    return np.array(np.from_dlpack(whole.fill_null(number_array(np.array([null]))[0])))
