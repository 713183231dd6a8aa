"""Candidates: which strategies are built, what they estimate, and how a new strategy is added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
import pytest
from torch import nn

from latentfill.core.config import AUTO, Config
from latentfill.core.series import FloatArray
from latentfill.core.strategy_table import STRATEGIES, StrategyRow, register
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.nn.progress import History
from latentfill.strategies.candidates import Candidates
from latentfill.strategies.protocols.baseline import Baseline
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.windows.training_data import HeldOutWindows, TrainingData
from latentfill.windows.windows import ScaledSeries, Windows, window_starts

L, C = 8, 2


class Nines(Baseline):
    """The smallest baseline: 9 everywhere."""

    def estimate(self, values: FloatArray, position: FloatArray | None = None) -> FloatArray:
        return np.full(values.shape, 9.0)


class Levels(Strategy):
    """The smallest strategy on windows: the mean of all observed cells of the window."""

    estimate_names = ("levels",)

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        return cls(), {}

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        return cls()

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        level = np.nanmean(windows.values, axis=(1, 2), keepdims=True)
        return WindowEstimates(np.broadcast_to(level, windows.values.shape)[None])


def series() -> ScaledSeries:
    values = np.random.default_rng(0).normal(size=(40, C))
    values[5:7, 0] = np.nan
    return ScaledSeries(values, np.zeros((40, 0)))


def fit(*names: str) -> Candidates:
    windows = series().cut(np.arange(40 - L + 1), L)
    no_cells = HeldOutWindows(windows, np.full(windows.values.shape, np.nan))
    no_truth = np.full((40, C), np.nan)
    data = TrainingData(series(), no_truth, windows, np.arange(len(windows)), lambda: no_cells, lambda: no_cells)
    spec = StrategySpec(config=Config(length=L, stride=4), columns=C, phases=0, encoder_shape=None)
    return Candidates.fit(names, spec, TrainingInputs(data=data, encoder=None))[0]


@pytest.fixture
def _registered() -> Iterator[None]:
    register(StrategyRow("nines", 100, "nine", f"{__name__}:Nines"))
    register(StrategyRow("levels", 101, "the level of the window", f"{__name__}:Levels", kind="windows"))
    yield
    del STRATEGIES["nines"], STRATEGIES["levels"]


@pytest.mark.usefixtures("_registered")
def test_a_strategy_on_windows_is_added_by_one_class_and_one_table_row():
    estimates = fit("linear", "levels").estimate(ScaledSeries(np.ones((40, C)), np.zeros((40, 0))), np.arange(33), None)
    np.testing.assert_allclose(estimates.values[1], 1.0)


@pytest.mark.usefixtures("_registered")
def test_a_baseline_is_added_by_one_class_and_one_table_row():
    estimates = fit("linear", "nines").estimate(series(), window_starts(40, L, 4), None)
    np.testing.assert_array_equal(estimates.values[1], 9.0)


def test_estimates_are_in_the_order_of_the_names():
    estimates = fit("kriging", "mean").estimate(series(), window_starts(40, L, 4), None)
    assert estimates.values.shape == (2, 40, C)
    np.testing.assert_allclose(estimates.values[1, 0], np.nanmean(series().values, axis=0))
    assert (estimates.spread[5:7, 0] > 0).all()  # kriging's expected error


def test_a_column_far_from_the_fitted_values_is_estimated_around_its_own_mean():
    candidates, starts = fit("kriging"), window_starts(40, L, 4)
    near = candidates.estimate(series(), starts, None).values
    far = ScaledSeries(series().values + np.array([1000.0, 0.0]), series().clock)
    moved = candidates.estimate(far, starts, None).values
    assert np.abs(moved[0, 5:7, 0] - 1000 - near[0, 5:7, 0]).max() < 1


def test_auto_fills_cells_estimated_on_windows_or_with_baselines_alone_any_estimated_cell():
    known = np.array([[True, True, False], [False, True, False]])
    assert Candidates(("linear", "kriging"), {}, {}, [], L).has_estimate(known, AUTO).tolist() == [False, True, False]
    assert Candidates(("linear", "mean"), {}, {}, [], L).has_estimate(known, AUTO).tolist() == [True, True, False]
    assert Candidates(("linear", "mean"), {}, {}, [], L).has_estimate(known, "mean").tolist() == [False, True, False]
