"""`Edits`: the filled cells, new columns and added rows to write into a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, TimeArray
from latentfill.tables.backends.arrow import mask_array, number_array
from latentfill.tables.backends.native import TextArray

if TYPE_CHECKING:
    import pyarrow as pa

StampCells: TypeAlias = TimeArray | Sequence[str]  # new cells of a time column: times in UTC, or texts


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """One value column after filling; R rows of the output."""

    values: FloatArray  # (R,) the whole column
    cells: BoolArray  # (R,) True for filled cells
    texts: Sequence[str] | None = None  # text of each filled cell; None if the column is not text
    is_labels: bool = False  # whether the cells are words, of which `values` are only the numbers


@dataclass(frozen=True, slots=True, eq=False)
class Extra:
    """A new column at the end of the table; R rows of the output."""

    name: str
    values: FloatArray  # (R,) NaN for empty cells
    texts: TextArray | None  # (R,) the values as text; None if the value column is not text


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """All changes to write into a table; R rows of the output."""

    order: IntArray  # (R,) row of the input for each row of the output, -1 for added rows
    fills: Mapping[int, Fill]  # by position of the value column
    stamps: Mapping[int, StampCells] = field(default_factory=dict)  # stamps of added rows, by position of the column
    index: TimeArray | None = None  # (R,) new time index of a pandas frame, if rows are added
    extras: Sequence[Extra] = ()

    @property
    def added(self) -> IntArray:
        """Numbers of the output rows that are added."""
        return np.flatnonzero(self.order < 0)

    def rows_to_take(self) -> pa.Array:
        """`order` as pyarrow's `take` needs it, null for added rows."""
        return rows_to_take(self.order)


def rows_to_take(order: IntArray) -> pa.Array:
    """Numbers of rows as pyarrow's `take` needs them, null for negative numbers."""
    import pyarrow.compute as pc

    return pc.if_else(mask_array(order >= 0), number_array(order), None)
