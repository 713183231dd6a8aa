"""The blocks of a long series, each with the steps around it that its gaps need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.imputation.streaming.reading import Rows
from latentfill.imputation.streaming.scan import REACH, Scan, rows_at_once
from latentfill.tables.table import Table

MARGIN = 256  # steps of context beyond the gaps at either end: windows of 96 steps and stretches that overlap by 60


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some consecutive rows as a table of their own, and the series around them."""

    table: Table
    first_row: int  # rows of the file above it
    first_step: int  # steps of the series before it
    before: Series | None  # as far as it is in memory
    after: Series | None

    def with_context(self, stride: int) -> tuple[Series, slice]:
        """The series of the block with its context, and the steps of it that are the block's.

        The context reaches `MARGIN` steps beyond the gaps at either end of the block, but at most `REACH` steps, and
        begins at a multiple of `stride` if it can.
        """
        own, parts = self.table.series, [self.table.series]
        n_before = n_after = 0
        if self.before is not None:
            n_before = _needed(self.before.observed[::-1], ~own.observed[0])
            n_before = min(n_before + (self.first_step - n_before) % stride, self.before.n_steps)
            parts.insert(0, self.before.part(slice(self.before.n_steps - n_before, None)))
        if self.after is not None:
            n_after = _needed(self.after.observed, ~own.observed[-1])
            parts.append(self.after.part(slice(0, n_after)))
        first = self.first_step - n_before
        return _joined(parts, first), slice(n_before, n_before + own.n_steps)


def blocks(scan: Scan) -> Iterator[Block]:
    """All blocks of a file in their order."""
    tables = _tables(scan)
    own, following = next(tables), next(tables, None)
    before: Series | None = None
    first_row = first_step = 0
    while own is not None:
        after = None if following is None else following.series
        yield Block(own, first_row, first_step, before, after)
        first_row, first_step = first_row + own.n_rows, first_step + own.series.n_steps
        before = _joined([each for each in (before, own.series) if each is not None], 0)
        before = before.part(slice(max(0, before.n_steps - 2 * REACH), None))
        own, following = following, next(tables, None)  # type: ignore[assignment]


def _tables(scan: Scan) -> Iterator[Table]:
    """The tables of all pieces of a file."""
    held: Rows | None = None
    for rows in scan.reader.pieces(rows_at_once(scan.reader.stream)):
        if held is not None:
            yield scan.reader.table(held, scan.rule, None if rows.time is None else rows.time[0])
        held = rows
    if held is not None:
        yield scan.reader.table(held, scan.rule, None)


def _needed(observed: BoolArray, is_gap: BoolArray) -> int:
    """How many steps of context a block needs on a side whose steps (T, C), the nearest first, are observed or not.

    `is_gap` (C,) are the columns that are missing at that end of the block.
    """
    length = np.where(observed.any(axis=0), observed.argmax(axis=0), len(observed))
    longest = int(length[is_gap].max(initial=0))
    return min(longest + MARGIN, REACH, len(observed))


def _joined(parts: list[Series], first: int) -> Series:
    """Parts of a series one after the other, whose rows are numbered by their steps from `first` on."""
    own = parts[0]

    def of(arrays: list[FloatArray | None]) -> FloatArray | None:
        return None if arrays[0] is None else np.concatenate([each for each in arrays if each is not None])

    values = np.concatenate([each.values for each in parts])
    time = None if own.time is None else np.concatenate([each.time for each in parts if each.time is not None])
    rows: IntArray = np.arange(first, first + len(values))
    return replace(own, values=values, time=time, rows=rows, position=of([each.position for each in parts]))
