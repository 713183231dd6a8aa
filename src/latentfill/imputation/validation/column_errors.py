"""From the working cells that were held out to errors in the columns of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.kind import Kind

if TYPE_CHECKING:
    from latentfill.imputation.validation.ensemble import Ensemble
    from latentfill.imputation.validation.holdout_errors import HoldoutErrors


def in_columns(sample: ErrorSample, truth: FloatArray, units: ColumnUnits) -> ErrorSample:
    """The errors of a sample of working cells with this `truth` (M,), in the columns of the table.

    Errors and truth are in scaled units.
    """
    kinds = units.kinds
    if kinds.are_plain:
        return sample
    column = kinds.column_of[sample.cells.column]
    is_plain = np.array([kind.is_plain for kind in kinds.kinds])[column]
    plain = sample.where(is_plain)
    parts = [ErrorSample(plain.cells.in_columns(column[is_plain], len(kinds)), plain.error, plain.features)]
    for c, kind in kinds.special():
        parts += _errors_of(sample, truth, units, c, kind)
    return _joined(parts)


def _errors_of(sample: ErrorSample, truth: FloatArray, units: ColumnUnits, c: int, kind: Kind) -> Iterator[ErrorSample]:
    """The errors in column `c`, one sample for each hiding round."""
    for rows in _rounds(sample.cells, units.kinds, c):
        known = rows >= 0
        column = np.broadcast_to(np.arange(kind.width) + units.kinds.first[c], rows.shape)[known]
        values = np.full((2, *rows.shape), np.nan)
        values[0][known] = units.invert_at(truth[rows[known]], column)
        values[1][known] = units.invert_at((truth - sample.error)[rows[known]], column)
        error = kind.errors(values[0], values[1], units.column(c, sample.cells.shape[0]))
        found = ~np.isnan(error)
        of_cell = rows[found]
        yield ErrorSample(
            cells=sample.cells.take(of_cell[:, 0]).in_columns(np.full(len(of_cell), c), len(units.kinds)),
            error=error[found] / units.error_scale[c],
            features=sample.features[of_cell].mean(axis=1),
        )


def _rounds(cells: Cells, kinds: ColumnKinds, c: int) -> Iterator[IntArray]:
    """For each hiding round, the row of each working cell (T, W) of column `c` in the list of cells; -1 without one."""
    working = kinds.working(c)
    of_column = np.flatnonzero((cells.column >= working.start) & (cells.column < working.stop))
    for number in np.unique(cells.hiding_round[of_column]):
        chosen = of_column[cells.hiding_round[of_column] == number]
        rows = np.full((cells.shape[0], kinds.kinds[c].width), -1)
        rows[cells.step[chosen], cells.column[chosen] - working.start] = chosen
        yield rows


def _joined(parts: list[ErrorSample]) -> ErrorSample:
    """The samples as one; cells keep the numbers of their rounds."""
    return ErrorSample(
        cells=Cells.together([part.cells for part in parts]),
        error=np.concatenate([part.error for part in parts]),
        features=np.concatenate([part.features for part in parts]),
    )


def learn_kinds(errors: HoldoutErrors, ensemble: Ensemble, units: ColumnUnits) -> ColumnKinds:
    """The kinds, with what the held-out cells tell about the estimates of the ensemble."""
    weighted = (ensemble.at(errors.cells) * errors.errors).sum(axis=0) + errors.truth
    learnt = {}
    for c, kind in enumerate(units.kinds.kinds):
        if not kind.learns:
            continue
        rows = np.concatenate([np.zeros((0, kind.width), dtype=np.int64), *_whole_cells(errors.cells, units.kinds, c)])
        column = np.broadcast_to(np.arange(kind.width) + units.kinds.first[c], rows.shape)
        learnt[c] = kind.learnt(*(units.invert_at(part[rows], column) for part in (errors.truth, weighted)))
    return units.kinds.replaced(learnt)


def _whole_cells(cells: Cells, kinds: ColumnKinds, c: int) -> Iterator[IntArray]:
    """For each hiding round, the rows (M, W) of the hidden cells of column `c`."""
    return (rows[(rows >= 0).all(axis=1)] for rows in _rounds(cells, kinds, c))
