from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from latentfill.embeddings.timekd.forecasts import ForecastWindows, forecast_errors
from latentfill.embeddings.timekd.student_net import ForecasterOutput, StudentShape, VariableForecaster

CPU = torch.device("cpu")


def test_a_batch_holds_windows_and_the_steps_after_them():
    values = np.arange(20.0)[:, None]
    batch = ForecastWindows(values, np.array([3, 0]), length=4, pred_len=2).batch(CPU)
    assert batch.level.tolist() == [[4.5], [1.5]]
    assert batch.future.tolist() == [[[7], [8]], [[4], [5]]]
    back = batch.tokens.transpose(1, 2) * batch.spread[:, None] + batch.level[:, None]
    torch.testing.assert_close(back[:, :, 0], torch.tensor([[3.0, 4, 5, 6], [0, 1, 2, 3]]))


class AtItsLevel(VariableForecaster):
    """Forecasts the mean of the window."""

    def forward(self, tokens: torch.Tensor) -> ForecasterOutput:
        return replace(super().forward(tokens), forecast=torch.zeros(1))


def test_forecast_errors_count_only_observed_cells():
    net = AtItsLevel(2, StudentShape(length=2, pred_len=2))
    values = np.array([0.0, 2.0, 4.0, np.nan])[:, None]
    found = forecast_errors(net, ForecastWindows(values, np.array([0]), length=2, pred_len=2), CPU)
    assert (found.mse, found.mae, found.windows, found.cells) == (9, 3, 1, 1)  # 4 against the level 1
    nothing = ForecastWindows(values, np.array([1]), length=2, pred_len=1)
    assert not nothing.has_future()
    assert np.isnan(forecast_errors(net, nothing, CPU).mse)


def test_scoring_many_windows_in_parts_gives_the_same_errors():
    values = np.random.default_rng(0).normal(size=(5000, 3))
    windows = ForecastWindows(values, np.arange(4990), length=4, pred_len=2)
    pieces = windows.pieces()
    assert len(pieces) == 2
    assert np.concatenate([piece.starts for piece in pieces]).tolist() == list(range(4990))
