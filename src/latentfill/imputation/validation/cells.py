"""Missing cells of a series, with the gap that each lies in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.column_blocks import cells_by_block
from latentfill.windows.gaps import BUCKET_NAMES, NearestObserved, bucket_of, nearest_observed
from latentfill.windows.windows import by_part

KINDS = 2 * len(BUCKET_NAMES)  # kinds of gaps: two per length bucket, see `gap_kinds`


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """M missing cells of a series of T steps and C columns, and the gap that each lies in.

    A series may consist of equally long parts, one below the other, which are series of their own.
    """

    shape: tuple[int, int]  # (T, C) of the series
    step: IntArray  # (M,)
    column: IntArray  # (M,)
    kind: IntArray  # (M,) kind of the gap, from 0 to KINDS - 1, see `gap_kinds`
    gap: IntArray  # (M,) first step of the gap
    hiding_round: IntArray  # (M,) cells that were hidden at the same time share a number
    parts: int = 1

    @classmethod
    def at(cls, mask: BoolArray, values: FloatArray, parts: int = 1) -> Cells:
        """The cells of a series (T, C) where `mask` is True, in row-major order; they must be missing (NaN)."""
        step, column = np.nonzero(mask)
        kind, back = np.empty_like(step), np.empty_like(step)
        for columns, cells in cells_by_block(column, mask.shape):
            sides = nearest_observed(by_part(values[:, columns], parts)).flat
            at = (step[cells], column[cells] - columns.start)
            kind[cells], back[cells] = gap_kinds(sides)[at], sides.back[at]
        return cls(
            shape=(values.shape[0], values.shape[1]),
            step=step,
            column=column,
            kind=kind,
            gap=step - back + 1,
            hiding_round=np.zeros(len(step), dtype=np.int64),
            parts=parts,
        )

    @classmethod
    def joined(cls, parts: Iterable[Cells]) -> Cells:
        """The cells of one or more parts; hiding rounds stay apart, within a part and between parts."""
        cells = list(parts)
        first_round = np.cumsum([0, *(part.n_rounds for part in cells)])[:-1]
        apart = (part.hiding_round + first for part, first in zip(cells, first_round, strict=True))
        return replace(cls.together(cells), hiding_round=np.concatenate(list(apart)))

    @classmethod
    def together(cls, parts: Sequence[Cells]) -> Cells:
        """The cells of one or more parts, which share their hiding rounds."""
        arrays = ("step", "column", "kind", "gap", "hiding_round")
        joined: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
        return replace(parts[0], **joined)

    def __len__(self) -> int:
        return len(self.step)

    @property
    def n_columns(self) -> int:
        """C."""
        return self.shape[1]

    @property
    def n_rounds(self) -> int:
        """Number of hiding rounds."""
        return int(self.hiding_round.max(initial=-1)) + 1

    @property
    def bucket(self) -> IntArray:
        """Length of each cell's gap, (M,), as an index into BUCKET_NAMES."""
        return self.kind % len(BUCKET_NAMES)

    @property
    def gap_sizes(self) -> IntArray:
        """For each cell, how many of the M cells lie in its gap, itself included, (M,)."""
        _, index, size = np.unique(self.gap_number, return_inverse=True, return_counts=True)
        return np.asarray(size[index])

    @property
    def gap_number(self) -> IntArray:
        """A number for the gap of each cell, (M,): different for gaps of different rounds, columns or first steps."""
        return (self.hiding_round * self.n_columns + self.column) * (int(self.gap.max(initial=0)) + 1) + self.gap

    @property
    def time_number(self) -> IntArray:
        """A number for the time of each cell's gap, (M,): gaps that begin together share it, whatever their column."""
        return self.hiding_round * (int(self.gap.max(initial=0)) + 1) + self.gap

    def where(self, chosen: BoolArray) -> Cells:
        """The cells for which `chosen` (M,) is True."""
        return self.take(np.flatnonzero(chosen))

    def take(self, index: IntArray) -> Cells:
        """The cells at `index`."""
        return replace(
            self,
            step=self.step[index],
            column=self.column[index],
            kind=self.kind[index],
            gap=self.gap[index],
            hiding_round=self.hiding_round[index],
        )

    def in_columns(self, column: IntArray, n_columns: int) -> Cells:
        """The same cells as those of other columns (M,), of `n_columns` in all."""
        return replace(self, column=column, shape=(self.shape[0], n_columns))

    def by_block(self) -> Iterator[tuple[slice, IntArray]]:
        """The blocks of columns that hold any of the M cells, each with the indices of its cells."""
        return cells_by_block(self.column, self.shape)

    def on_series(self, values: FloatArray) -> FloatArray:
        """An array (..., T, C) with the values (..., M) at the cells, and NaN everywhere else."""
        placed = np.full((*values.shape[:-1], *self.shape), np.nan)
        placed[..., self.step, self.column] = values
        return placed


def gap_kinds(sides: NearestObserved) -> IntArray:
    """Kind of the gap that each cell lies in, or would lie in if it were missing, shaped like `sides`.

    The kind is the bucket of the gap's length, plus len(BUCKET_NAMES) if the observed values on both sides are equal:
    a column that often keeps its value, as rain does at zero, is likely to have kept it there.
    """
    flat = sides.before == sides.after
    return np.asarray(bucket_of(sides.back + sides.ahead - 1) + len(BUCKET_NAMES) * flat)
