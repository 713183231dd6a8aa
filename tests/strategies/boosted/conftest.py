"""First stages whose errors are known: noise, or a nonlinear function of the residuals of another column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.boosted.first_stage import FirstStage

Example = tuple[FirstStage, FloatArray]


@dataclass(frozen=True)
class Maker:
    """Makes series (T, C) with a first stage whose estimates are 0 and whose residuals have variance 1."""

    steps: int = 6000
    columns: int = 3

    def example(self, seed: int, relation: float = 0.0) -> Example:
        """A quarter of the cells is hidden; `relation` is how far column 0 follows the size of column 1's residual."""
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=(self.steps, self.columns))
        if relation:
            truth[:, 0] = (1 - relation) * truth[:, 0] + relation * 2 * (np.abs(truth[:, 1]) - 0.8)
        hidden = rng.random(truth.shape) < 0.25
        return self.stage(np.where(hidden, np.nan, truth)), np.where(hidden, truth, np.nan)

    def stage(self, values: FloatArray) -> FirstStage:
        """The first stage for visible `values` (T, C)."""
        zero, one = np.zeros(values.shape), np.ones(values.shape)
        clock = np.zeros((len(values), 2))
        return FirstStage(values, zero, one, np.nan_to_num(values), one, (zero,), clock)


@pytest.fixture
def maker() -> Callable[..., Maker]:
    return Maker
