"""What is to be written into a table: filled cells and added rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, TimeArray


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """What becomes of one value column, by rows of the output."""

    values: FloatArray  # (R,) the whole column after filling
    cells: BoolArray  # (R,) True where the table is written to
    texts: Sequence[str] | None = None  # one per True cell, for columns of text


@dataclass(frozen=True, slots=True, eq=False)
class Extra:
    """A column that is put after those of the table, by rows of the output."""

    name: str
    values: FloatArray  # (R,) NaN where empty
    texts: Sequence[str]  # (R,) the same as text


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """Everything that is to be written into a table."""

    order: IntArray  # (R,) row of the input behind every row of the output, -1 for added rows
    fills: Mapping[int, Fill]
    stamps: Mapping[int, Any] = field(default_factory=dict)  # time column -> stamps of the added rows
    index: TimeArray | None = None  # (R,) stamps of a pandas time index, when rows are added
    extras: Sequence[Extra] = ()

    @property
    def added(self) -> IntArray:
        """Rows of the output that the input does not have."""
        return np.flatnonzero(self.order < 0)

    def rows_to_take(self) -> Any:
        """`order` for pyarrow's `take`, null where a row is added."""
        import pyarrow as pa

        return pa.array(self.order, mask=self.order < 0)
