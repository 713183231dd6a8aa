"""First stages whose errors are known: noise, or a nonlinear function of the residuals of another column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.protocols.correction import Example, FirstStage

LENGTH = 60  # steps per window of an `Example`


def windowed(first: FirstStage) -> FirstStage:
    """The series cut into windows that do not overlap."""

    def cut(array: FloatArray) -> FloatArray:
        return array.reshape(-1, LENGTH, array.shape[-1])

    parts = {name: cut(getattr(first, name)) for name in ("values", "estimate", "spread", "residual", "clock")}
    return replace(first, others=tuple(map(cut, first.others)), **parts)


@dataclass(frozen=True)
class Maker:
    """Makes series (T, C) with a first stage whose estimates are 0 and whose residuals have variance 1."""

    steps: int = 6000
    columns: int = 3

    def example(self, seed: int, relation: float = 0.0) -> Example:
        """Windows to learn from, see `series`."""
        return self.training(*self.series(seed, relation))

    @staticmethod
    def training(first: FirstStage, truth: FloatArray) -> Example:
        """A series with hidden cells as windows, a fifth of which is reserved."""
        windows = windowed(first)
        number = np.arange(len(windows.values))
        return Example(windows, truth.reshape(windows.values.shape), number / len(number), number % 5 == 0)

    def series(self, seed: int, relation: float = 0.0) -> tuple[FirstStage, FloatArray]:
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
        return FirstStage(values, zero, one, np.nan_to_num(values), (zero,), clock)


@pytest.fixture
def maker() -> Callable[..., Maker]:
    return Maker
