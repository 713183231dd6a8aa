"""The first reading of a long file: it checks all rows, and finds what only all of them tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.core.workers import MOST_THREADS, n_threads
from latentfill.imputation.streaming.reading import Reader
from latentfill.imputation.streaming.sample import Sample
from latentfill.imputation.streaming.step_rule import StampScan, StepRule
from latentfill.tables.backends.streams.stream import RowStream
from latentfill.tables.options import TableOptions
from latentfill.tables.table import Table

CELLS_AT_ONCE = 1 << 18  # of the rows that are read and filled together; their texts and estimates take about 100 MB
FEWEST_ROWS = 1 << 12  # at once, however many columns there are: pauses and gaps are seen from both sides
REACH = 1 << 12  # steps of context on either side of a block, at most


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A long file whose rows have all been read once."""

    reader: Reader
    sample: Sample
    rule: StepRule
    n_rows: int
    n_missing: int  # cells
    notes: tuple[str, ...]

    @classmethod
    def of(cls, stream: RowStream[Any], options: TableOptions) -> Self:
        """Read all rows of a file, none of which is kept but those of the sample.

        Raises an `InputError` that names the rows that cannot be read, and an `UnstreamableError` if the file is read
        as a whole or not at all.
        """
        sample = Sample.of(stream, options)
        reader = Reader.of(stream, options, sample.columns)
        stamps, n_rows, n_missing, low, high = StampScan(), 0, 0, *_nothing(len(reader.columns))
        for rows in reader.pieces(rows_at_once(stream)):
            n_rows, n_missing = n_rows + len(rows.values), n_missing + int(np.isnan(rows.values).sum())
            low, high = np.fmin(low, _least(rows.values)), np.fmax(high, -_least(-rows.values))
            if rows.time is not None:
                stamps.add(rows.time, rows.source.columns()[0].rows.listed([0]))
        rule, notes = StepRule(), tuple[str, ...]()
        if sample.columns.axis is not None:
            rule = stamps.rule(grid=options.grid, regular=options.regular, reach=REACH)
            notes = stamps.added_notes(rule, add=options.grid)
        reader = reader.completed(low, high)
        return cls(reader, sample, rule, n_rows, n_missing, (*sample.columns.notes, *notes, *reader.markers.notes))

    @property
    def stretches(self) -> list[Table]:
        """The stretches of the sample as tables of their own, in the order of time."""
        rows = (self.reader.read(piece, is_last=True) for piece in self.sample.pieces)
        return [self.reader.table(each, replace(self.rule, reach=REACH), None) for each in rows]


def rows_at_once(stream: RowStream[Any]) -> int:
    """How many rows are read and filled together."""
    return max(FEWEST_ROWS, CELLS_AT_ONCE // len(stream.names))


def side_by_side(stream: RowStream[Any]) -> int:
    """How many blocks are filled at the same time: as many as there are threads, fewer of many columns."""
    return max(1, min(n_threads(), MOST_THREADS * CELLS_AT_ONCE // cells_at_once(stream)))


def cells_at_once(stream: RowStream[Any]) -> int:
    """Cells of a block."""
    return rows_at_once(stream) * len(stream.names)


def _nothing(n_columns: int) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest reading (C,) of no row."""
    none = np.full(n_columns, np.nan)
    return none, none


def _least(values: FloatArray) -> FloatArray:
    """The smallest reading (C,) of some rows; NaN without any."""
    return np.asarray(np.fmin.reduce(values, axis=0))
