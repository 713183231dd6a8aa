from __future__ import annotations

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.timekd.student_net import (
    FLATTEST_WINDOW,
    LARGEST_VALUE,
    ForecastBatch,
    LossWeights,
    Reading,
    StudentShape,
    VariableForecaster,
    distillation_loss,
    normalise,
    observed_smooth_l1,
)

SHAPE = StudentShape(length=10, pred_len=4, dim=8, layers=2, heads=2)


def forecaster(inputs: int = 10) -> VariableForecaster:
    return VariableForecaster(inputs, SHAPE).eval()


def test_a_window_loses_its_mean_and_spread_which_are_kept_beside_it():
    found = normalise(np.array([[[0.0], [2.0], [0.0], [2.0]]]))
    assert found.tokens.tolist() == [[[-1, 1, -1, 1]]]
    assert (found.level.item(), found.spread.item()) == (1, 1)


def test_mean_and_spread_are_those_of_the_observed_cells_and_gaps_are_bridged():
    found = normalise(np.array([[[0.0], [np.nan], [2.0], [np.nan]]]))  # bridged 1, held 2
    assert found.tokens.tolist() == [[[-1, 0, 1, 1]]]
    assert (found.level.item(), found.spread.item()) == (1, 1)


def test_a_column_without_any_observed_cell_is_zero():
    values = np.ones((2, 4, 3))
    values[:, :, 1] = np.nan
    found = normalise(values)
    assert (found.tokens == 0).all()
    assert found.level.tolist() == [[1, 0, 1]] * 2
    assert (found.spread == FLATTEST_WINDOW).all()


def test_values_beyond_all_reason_stay_finite():
    found = normalise(np.array([[[1e300], [-1e300], [0.0]]]))
    assert np.isfinite(found.tokens).all()
    assert found.spread.item() < LARGEST_VALUE


def test_a_forecaster_gives_an_encoding_for_each_column_an_attention_map_and_a_forecast():
    found = forecaster()(torch.randn(3, 5, 10))
    assert found.encoding.shape == (3, 5, 8)
    assert found.forecast.shape == (3, 4, 5)
    torch.testing.assert_close(found.attention.sum(2), torch.ones(3, 5))  # each column looks at all, 1 in sum


def test_no_weight_belongs_to_a_column():
    net, tokens = forecaster(), torch.randn(2, 4, 10)
    order = torch.tensor([2, 0, 3, 1])
    found, moved = net(tokens), net(tokens[:, order])
    torch.testing.assert_close(moved.encoding, found.encoding[:, order])
    torch.testing.assert_close(moved.forecast, found.forecast[:, :, order])
    torch.testing.assert_close(moved.attention, found.attention[:, order][:, :, order])


def test_columns_look_at_each_other():
    net, tokens = forecaster(), torch.randn(1, 3, 10)
    other = tokens.clone()
    other[0, 2] += 1
    assert not torch.allclose(net(tokens).encoding[0, 0], net(other).encoding[0, 0])


def test_a_missing_future_is_not_learnt_from():
    estimate = torch.tensor([[1.0, 5.0]], requires_grad=True)
    loss = observed_smooth_l1(estimate, torch.tensor([[0.0, torch.nan]]))
    loss.backward()
    assert loss.item() == 0.5  # |1 - 0| - 1/2
    assert estimate.grad is not None
    assert estimate.grad.tolist() == [[1, 0]]
    assert observed_smooth_l1(estimate, torch.full((1, 2), torch.nan)).item() == 0


def reading(encoding: float, attention: float, forecast: float) -> Reading:
    return Reading(torch.tensor([[[encoding]]]), torch.tensor([[[attention]]]), torch.tensor([[[forecast]]]))


def test_the_loss_is_the_sum_of_four_with_the_published_weights():
    batch = ForecastBatch(torch.zeros(1, 1, 1), torch.tensor([[1.0]]), torch.tensor([[2.0]]), torch.tensor([[[4.0]]]))
    student, teacher = reading(0.0, 0.0, 1.0), reading(3.0, 1.0, 1.5)  # forecasts 1 + 2 * 1 = 3 and 1 + 2 * 1.5 = 4
    alone = distillation_loss(batch, student, None, LossWeights())
    assert alone.item() == pytest.approx(0.5)  # |3 - 4| - 1/2
    together = distillation_loss(batch, student, teacher, LossWeights())
    assert together.item() == pytest.approx(0.5 + 0.5 * 0 + 0.1 * 2.5 + 0.01 * 0.5)
    doubled = distillation_loss(batch, student, teacher, LossWeights(forecast=2, reconstruction=0, feature=0))
    assert doubled.item() == pytest.approx(2 * 0.5 + 0.01 * 0.5)


def test_sizes_that_cannot_be_are_told_at_once():
    with pytest.raises(InputError, match=r"length must be .*got 0; dim must be .*got 8\.0; layers must be .*got True"):
        StudentShape(length=0, pred_len=4, dim=8.0, layers=True)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"multiple of heads \(4\), got 6"):
        StudentShape(length=4, pred_len=4, dim=6)
    with pytest.raises(InputError, match=r"feature must be 0 or more, got -1; attention must be 0 or more, got nan"):
        LossWeights(feature=-1, attention=float("nan"))
