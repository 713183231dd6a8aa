"""What is to be written into a table: filled cells, new columns and added rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, TimeArray

if TYPE_CHECKING:
    import pyarrow as pa

StampCells: TypeAlias = TimeArray | Sequence[str]  # new cells of a time column: moments in UTC, or texts


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """One value column after filling; R rows of the output."""

    values: FloatArray  # (R,) the whole column
    cells: BoolArray  # (R,) True where the table is written to
    texts: Sequence[str] | None = None  # one for each True cell; None where the column is not of text


@dataclass(frozen=True, slots=True, eq=False)
class Extra:
    """A new column after those of the table; R rows of the output."""

    name: str
    values: FloatArray  # (R,) NaN where empty
    texts: Sequence[str]  # (R,) the values as text; nothing where the value column is not of text


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """Everything that is to be written into a table; R rows of the output."""

    order: IntArray  # (R,) the row of the input behind every row of the output, -1 for added rows
    fills: Mapping[int, Fill]  # by position of the value column
    stamps: Mapping[int, StampCells] = field(default_factory=dict)  # by position: stamps of the added rows
    index: TimeArray | None = None  # (R,) stamps of a pandas time index, when rows are added
    extras: Sequence[Extra] = ()

    @property
    def added(self) -> IntArray:
        """Rows of the output that the input does not have."""
        return np.flatnonzero(self.order < 0)

    def rows_to_take(self) -> pa.Array:
        """`order` for pyarrow's `take`, null where a row is added."""
        import pyarrow as pa

        return pa.array(self.order, mask=self.order < 0)
