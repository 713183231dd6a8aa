"""The missing cells of a series as a model of the past estimates them, with their likely errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.imputation.causal.model import PastModel
from latentfill.imputation.causal.past import past_features
from latentfill.imputation.filling.blends import SINGLE
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_units import ColumnCells
from latentfill.kinds.kind import CellErrors
from latentfill.windows.gaps import find_gaps


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """The M missing cells of the columns of a series."""

    complete: FloatArray  # (T, W) working columns, with estimates where they are missing
    cells: Cells  # M
    errors: CellErrors  # M
    shares: FloatArray  # (K, M) of the strategies in each estimate
    codes: IntArray  # (M,)

    @classmethod
    def of(cls, model: PastModel, series: Series, scores: FloatArray, coverage: float) -> Estimated:
        """Estimate the missing cells; samples have the standard normal `scores` (S, T, C)."""
        scaled = model.scaled(series)
        estimates, working = model.estimate(scaled), model.cells(scaled)
        known = estimates.values[:, working.step, working.column]
        estimate = model.scaler.invert_at(model.ensemble.apply(known, working), working.column)
        encoded = model.kinds.encode(series).values
        cells = ColumnCells.of(working, ~series.observed, model.kinds)
        features = cells.mean(past_features(working, scaled.values, estimates))
        shares = model.ensemble.shares(~np.isnan(known), working)[:, cells.lead]
        single = np.array(model.codes)[shares.argmax(axis=0)]
        return cls(
            complete=np.where(np.isnan(encoded), working.on_series(estimate), encoded),
            cells=cells.cells,
            errors=_errors(model, cells.cells, features, scores[:, cells.cells.step, cells.cells.column], coverage),
            shares=shares,
            codes=np.where(shares.max(axis=0) >= SINGLE, single, Code.BLEND),
        )

    def gaps(self, series: Series, start: int) -> Iterator[tuple[int, IntArray, int]]:
        """Column, indices of the cells, and the step after each gap that has a cell from the step `start` on."""
        gaps = find_gaps(series.observed)
        in_order = np.lexsort((self.cells.step, self.cells.column))  # one gap after the other
        indices = np.split(in_order, np.cumsum(gaps.length)[:-1])
        for c, stop, index in zip(gaps.column.tolist(), (gaps.start + gaps.length).tolist(), indices, strict=False):
            if stop > start:
                yield c, index, stop


def _errors(model: PastModel, cells: Cells, features: FloatArray, scores: FloatArray, coverage: float) -> CellErrors:
    """The likely errors of cells with these `features` (M, F), in units of the table."""
    calibration, scale = model.calibration, model.units.error_scale[cells.column]
    size = calibration.sizes(cells, features)
    below, above = calibration.bounds(cells, size, coverage)
    drawn = np.array([calibration.errors_at(cells, size, each) for each in scores])
    return CellErrors(
        expected=calibration.expected(cells, size) * scale,
        below=below * scale,
        above=above * scale,
        drawn=drawn.reshape(scores.shape) * scale,
        scores=scores,
        coverage=coverage,
    )
