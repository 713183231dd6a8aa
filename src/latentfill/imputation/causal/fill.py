"""Filling a series from the past alone: each stretch by a model of what came before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.core.column_order import in_order
from latentfill.core.config import Config
from latentfill.core.series import IntArray, Series
from latentfill.imputation.causal.model import FEWEST_ROWS, GROWTH, PastModel
from latentfill.imputation.causal.writing import Writing
from latentfill.imputation.filling.filled import Filled


@dataclass(frozen=True, slots=True, eq=False)
class PastModels:
    """Models of growing histories of one series; each fills the steps after its history."""

    config: Config
    columns: tuple[str, ...]  # sorted
    labels: Mapping[str, tuple[str, ...]]  # of columns whose values number their labels
    stamped: bool  # whether the series has time stamps
    starts: IntArray  # (B,) first step that each model fills
    models: tuple[PastModel, ...]  # B

    @classmethod
    def fit(cls, series: Series, config: Config) -> PastModels:
        """Learn from the history before each stretch, and last from the whole series, for tables that come later.

        The columns are worked on in the order of their names: one that follows from their readings would look ahead.
        """
        series = in_order(series, tuple(sorted(series.columns)))
        starts, start = [], FEWEST_ROWS
        while start < series.n_steps:
            starts.append(start)
            start = int(np.ceil(start * GROWTH))
        histories = [series.part(slice(0, start)) for start in (*starts, series.n_steps)]
        models = [PastModel.fit(history, config) for history in histories if history.observed.any()]
        skipped = len(histories) - len(models)
        return cls(
            config=config,
            columns=series.columns,
            labels=series.labels,
            stamped=series.time is not None,
            starts=np.array([*starts, series.n_steps][skipped:]),
            models=tuple(models),
        )

    @property
    def last(self) -> PastModel:
        """The model of the whole series."""
        return self.models[-1]

    def fill_own(self, series: Series) -> Filled:
        """Fill the series that the models were fitted to: no value depends on readings of later steps."""
        stops, columns = np.append(self.starts[1:], series.n_steps), series.columns
        series = in_order(series, self.columns)
        filled = Writing.of(series, self.config)
        filled.carry_forward(int(self.starts[0]) if len(self.starts) else series.n_steps)
        for model, start, stop in zip(self.models, self.starts.tolist(), stops.tolist(), strict=True):
            filled.fill(model, start, min(stop, series.n_steps))
        return filled.result().in_order(columns, self.columns)

    def fill_other(self, series: Series) -> Filled:
        """Fill another series, each cell from earlier ones, by the model of all that was fitted."""
        columns, series = series.columns, in_order(series, self.columns)
        filled = Writing.of(series, self.config)
        if self.models:
            filled.fill(self.last, 0, series.n_steps)
        else:
            filled.carry_forward(series.n_steps)
        return filled.result().in_order(columns, self.columns)
