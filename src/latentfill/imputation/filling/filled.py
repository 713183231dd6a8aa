"""The record of a filled series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.filling.codes import Code, CodeArray


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A filled series: T steps of C columns, original units."""

    values: FloatArray  # (T, C), NaN in cells left empty
    codes: CodeArray  # (T, C), see `Code`
    expected: FloatArray  # (T, C) expected absolute error; NaN where unknown
    lower: FloatArray | None = None  # (T, C) lower bounds; the value in observed cells; None without intervals
    upper: FloatArray | None = None  # (T, C) upper bounds
    samples: FloatArray | None = None  # (S, T, C) randomly drawn completed series; None without samples

    def keeping(self, cells: BoolArray, values: FloatArray) -> Filled:
        """The same record with the `values` (T, C) as they were read in some cells (T, C), which are not filled."""
        if not cells.any():
            return self
        arrays = {name: getattr(self, name) for name in ("values", "lower", "upper", "samples")}
        kept = {name: np.where(cells, values, array) for name, array in arrays.items() if array is not None}
        codes, expected = self.codes.copy(), self.expected.copy()
        codes[cells], expected[cells] = Code.SUSPECTED, np.nan
        return replace(self, codes=codes, expected=expected, **kept)

    def replacing(self, cells: BoolArray) -> Filled:
        """The same record with the code of replaced readings in some cells (T, C)."""
        if not cells.any():
            return self
        return replace(self, codes=np.where(cells & ~np.isnan(self.values), Code.REPLACED, self.codes).astype(np.int8))

    def in_order(self, columns: Sequence[str], current: Sequence[str]) -> Filled:
        """The same record with its columns moved from their `current` order into the order of `columns`."""
        if tuple(columns) == tuple(current):
            return self
        position = {name: index for index, name in enumerate(current)}
        index = [position[name] for name in columns]
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{name: part[..., index] for name, part in parts.items() if part is not None})
