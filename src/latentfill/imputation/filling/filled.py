"""The record of a filled series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.imputation.filling.blends import Blends
from latentfill.imputation.filling.codes import Code, CodeArray
from latentfill.imputation.validation.cells import Cells


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The weights of K strategies in the cells of a series; cells with the same weights share a blend."""

    names: tuple[str, ...]  # K
    weight: FloatArray  # (U, K) of each blend
    texts: tuple[str, ...]  # U, such as `kriging=0.62 linear=0.38`
    blend: IntArray  # (T, C) number of the blend, -1 in cells that no strategy filled

    @classmethod
    def of(cls, cells: Cells, blends: Blends, chosen: BoolArray) -> Weights:
        """The weights in those of M cells that are `chosen` (M,)."""
        blend = np.full(cells.shape, -1, dtype=np.int64)
        blend[cells.step[chosen], cells.column[chosen]] = blends.number[chosen]
        return cls(blends.names, blends.weight, tuple(blends.texts), blend)

    def in_order(self, index: Sequence[int]) -> Weights:
        """The same for the columns at `index`."""
        return replace(self, blend=self.blend[:, index])

    def where(self, cells: BoolArray) -> Weights:
        """The same, with no strategy in all cells but some (T, C)."""
        return replace(self, blend=np.where(cells, self.blend, -1))

    @property
    def cell_texts(self) -> NDArray[np.object_]:
        """The weights in each cell (T, C) as text; "" in cells that no strategy filled."""
        return np.array([*self.texts, ""], dtype=object)[self.blend]

    def shares(self, steps: IntArray) -> dict[str, float]:
        """The mean weight of each strategy in the filled cells of some steps."""
        blend = self.blend[steps]
        counts = np.bincount(blend[blend >= 0], minlength=len(self.texts)).astype(float)
        means = counts @ self.weight / max(1.0, counts.sum())
        return {name: round(float(mean), 4) for name, mean in zip(self.names, means, strict=True) if mean > 0}


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A filled series: T steps of C columns, original units."""

    values: FloatArray  # (T, C), NaN in cells left empty
    codes: CodeArray  # (T, C), see `Code`
    expected: FloatArray  # (T, C) expected absolute error; NaN where unknown
    weights: Weights | None = None  # of the strategies in each cell; None if there are none
    lower: FloatArray | None = None  # (T, C) lower bounds; the value in observed cells; None without intervals
    upper: FloatArray | None = None  # (T, C) upper bounds
    samples: FloatArray | None = None  # (S, T, C) randomly drawn completed series; None without samples
    candidates: Mapping[str, FloatArray] | None = None  # (T, C) by name: what each strategy alone would have filled

    def part(self, steps: slice) -> Filled:
        """The same record for these steps."""
        parts: dict[str, Any] = {
            name: None if array is None else array[..., steps, :]
            for name, array in ((each.name, getattr(self, each.name)) for each in fields(self))
            if name not in ("weights", "candidates")
        }
        weights, candidates = self.weights, self.candidates
        return Filled(
            **parts,
            weights=None if weights is None else replace(weights, blend=weights.blend[steps]),
            candidates=None if candidates is None else {name: each[steps] for name, each in candidates.items()},
        )

    def without(self, cells: BoolArray) -> Filled:
        """The same record with nothing filled in some missing cells (T, C)."""
        if not cells.any():
            return self
        arrays = {name: getattr(self, name) for name in ("values", "expected", "lower", "upper", "samples")}
        emptied: dict[str, Any] = {
            name: np.where(cells, np.nan, array) for name, array in arrays.items() if array is not None
        }
        weights = None if self.weights is None else self.weights.where(~cells)
        codes = np.where(cells, Code.EMPTY, self.codes).astype(np.int8)
        return replace(self, codes=codes, weights=weights, **emptied)

    def keeping(self, cells: BoolArray, values: FloatArray) -> Filled:
        """The same record with the `values` (T, C) as they were read in some cells (T, C), which are not filled."""
        if not cells.any():
            return self
        arrays = {name: getattr(self, name) for name in ("values", "lower", "upper", "samples")}
        kept: dict[str, Any] = {
            name: np.where(cells, values, array) for name, array in arrays.items() if array is not None
        }
        codes, expected = self.codes.copy(), self.expected.copy()
        codes[cells], expected[cells] = Code.SUSPECTED, np.nan
        weights = None if self.weights is None else self.weights.where(~cells)
        return replace(self, codes=codes, expected=expected, weights=weights, **kept)

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
        parts = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("weights", "candidates")}
        arrays: dict[str, Any] = {name: part[..., index] for name, part in parts.items() if part is not None}
        weights, candidates = self.weights, self.candidates
        return replace(
            self,
            **arrays,
            weights=None if weights is None else weights.in_order(index),
            candidates=None if candidates is None else {name: each[:, index] for name, each in candidates.items()},
        )
