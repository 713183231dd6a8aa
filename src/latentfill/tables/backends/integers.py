"""Whole numbers that a float cannot hold: they keep their type, and their neighbours are filled with whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.tables.backends.arrow import mask_array
from latentfill.tables.backends.native import TextArray

if TYPE_CHECKING:
    import pyarrow as pa
    from narwhals.dtypes import DType

EXACT = 2.0**53  # all whole numbers up to this one are floats
_MOST = 10**38  # decimal numbers of 128 bits have fewer digits


def limits_of(dtype: DType) -> tuple[int, int]:
    """The smallest and the largest number of an integer type."""
    name = str(dtype)
    bits = int(name.lower().removeprefix("uint").removeprefix("int"))
    return (0, 2**bits - 1) if name.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def whole_numbers(values: FloatArray, least: int, most: int) -> list[int]:
    """Values as whole numbers within these limits, which floats need not hold."""
    return [min(max(round(value), least), most) for value in values.tolist()]


def as_integers(texts: TextArray, filled: Sequence[float], cells: BoolArray, missing: BoolArray) -> pa.Array | None:
    """A column of texts as whole numbers, with `filled` numbers in the `cells`; None if some are none, or too large.

    They are of the first type that holds them all: signed or unsigned, or decimal numbers without a fraction.
    `missing` are the cells without a number, which become null.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = pc.if_else(mask_array(missing | cells), None, pc.utf8_trim_whitespace(texts))
    kinds = (pa.int64(), -(2**63), 2**63 - 1), (pa.uint64(), 0, 2**64 - 1), (pa.decimal128(38, 0), 1 - _MOST, _MOST - 1)
    for kind, least, most in kinds:
        new = whole_numbers(np.asarray(filled, dtype=np.float64), least, most)
        try:
            return pc.replace_with_mask(pc.cast(kept, kind), mask_array(cells), pa.array(map(Decimal, new)).cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return None
