"""Cells of a column to fill by a kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.kinds.kind import CellErrors, CellValues, Kind, Limits, Readings, StepTimes

Fill = Callable[..., CellValues]


def times_of(n_steps: int) -> StepTimes:
    steps = np.arange(n_steps, dtype=float)
    return StepTimes(steps, steps)


@pytest.fixture
def fill() -> Fill:
    """Fills the missing cells of a column by a kind, from estimates (T,) or (T, W) of its working columns."""

    def filled(
        kind: Kind,
        values: FloatArray,
        working: FloatArray,
        *,
        error: float = 0.0,
        scores: FloatArray | None = None,
        cycle: int | None = None,
    ) -> CellValues:
        values = np.asarray(values, dtype=float)
        step, times = np.flatnonzero(np.isnan(values)), times_of(len(values))
        n = len(step)
        scores = np.zeros((1, n)) if scores is None else scores
        errors = CellErrors(
            *np.full((3, n), [[abs(error)], [-abs(error)], [abs(error)]]), np.full(scores.shape, error), scores, 0.9
        )
        encoded = kind.encode(values, times)
        complete = np.where(np.isnan(encoded), np.reshape(working, (len(values), -1)), encoded)
        return kind.fill(complete, errors, Readings(values, times, step, Limits(), cycle))

    return filled
