"""Boosted trees that correct a linear estimate.

Gradient boosting (Friedman 2001) with histograms (Ke et al. 2017) predicts the error of the base, in units of its
spread, in cells that are hidden for this purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import FloatArray, IntArray
from latentfill.core.workers import in_parallel
from latentfill.strategies.boosted.features import LEAST_SPREAD, Cells, FeatureSource
from latentfill.strategies.boosted.model import ColumnModel, fit_model
from latentfill.strategies.boosted.partners import find_partners
from latentfill.strategies.boosted.training_cells import TrainingCells
from latentfill.strategies.protocols.correction import Correction, Example, FirstStage

MOST_CELLS = 100_000  # hidden cells, at most, that are learnt from
AT_ONCE = 1 << 13  # cells corrected at a time


@dataclass(frozen=True, slots=True, eq=False)
class Boosted(Correction):
    """A correction of the missing cells of C columns."""

    partners: IntArray  # (C, J) columns looked at beside each column
    models: Mapping[int, ColumnModel]  # by column; columns without one are left as they are

    @classmethod
    def fit(cls, examples: Sequence[Example], seed: int) -> Self:
        if not examples:
            return cls(np.empty((0, 0), dtype=np.int64), {})
        partners = find_partners([example.first for example in examples])
        cells = TrainingCells.draw(examples, partners, MOST_CELLS, seed)
        models = in_parallel(lambda column: fit_model(cells.take(cells.column == column), seed), range(len(partners)))
        return cls(partners, {column: model for column, model in enumerate(models) if model is not None})

    @property
    def corrects(self) -> bool:
        return bool(self.models)

    def estimate(self, first: FirstStage) -> FloatArray:
        if not self.models:
            return first.estimate
        windows = first.as_windows()
        estimate = windows.estimate.copy()
        source, correctable = FeatureSource.of(windows, self.partners), windows.correctable
        for column, model in self.models.items():
            window, step = np.nonzero(correctable[:, :, column])
            cells = Cells(window, step, np.full(len(step), column))
            for part in (cells.take(slice(at, at + AT_ONCE)) for at in range(0, len(step), AT_ONCE)):
                index = part.window, part.step, part.column
                spread = np.maximum(windows.spread[index], LEAST_SPREAD)
                estimate[index] += model.correction(source.features(part), spread)
        return estimate.reshape(first.estimate.shape)

    def state(self) -> dict[str, NDArray[Any]]:
        columns = np.array(sorted(self.models), dtype=np.int64)
        state: dict[str, NDArray[Any]] = {"partners": self.partners, "columns": columns}
        return state | ColumnModel.joined([self.models[column] for column in sorted(self.models)])

    @classmethod
    def load(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        models = ColumnModel.split(state)
        return cls(state["partners"], dict(zip(state["columns"].tolist(), models, strict=True)))
