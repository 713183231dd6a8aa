from __future__ import annotations

import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.timekd.distil_loss import LossWeights, distillation_loss, observed_smooth_l1
from latentfill.embeddings.timekd.forecasts import ForecastBatch
from latentfill.embeddings.timekd.student_net import ForecasterOutput


def test_missing_future_values_do_not_count_in_the_loss():
    estimate = torch.tensor([[1.0, 5.0]], requires_grad=True)
    loss = observed_smooth_l1(estimate, torch.tensor([[0.0, torch.nan]]))
    loss.backward()
    assert loss.item() == 0.5  # |1 - 0| - 1/2
    assert estimate.grad is not None
    assert estimate.grad.tolist() == [[1, 0]]
    assert observed_smooth_l1(estimate, torch.full((1, 2), torch.nan)).item() == 0


def output(encoding: float, attention: float, forecast: float) -> ForecasterOutput:
    return ForecasterOutput(torch.tensor([[[encoding]]]), torch.tensor([[[attention]]]), torch.tensor([[[forecast]]]))


def test_the_loss_is_the_sum_of_four_losses_with_the_published_weights():
    batch = ForecastBatch(torch.zeros(1, 1, 1), torch.tensor([[1.0]]), torch.tensor([[2.0]]), torch.tensor([[[4.0]]]))
    student, teacher = output(0.0, 0.0, 1.0), output(3.0, 1.0, 1.5)  # forecasts 1 + 2 * 1 = 3 and 1 + 2 * 1.5 = 4
    without_teacher = distillation_loss(batch, student, None, LossWeights())
    assert without_teacher.item() == pytest.approx(0.5)  # |3 - 4| - 1/2
    together = distillation_loss(batch, student, teacher, LossWeights())
    assert together.item() == pytest.approx(0.5 + 0.5 * 0 + 0.1 * 2.5 + 0.01 * 0.5)
    doubled = distillation_loss(batch, student, teacher, LossWeights(forecast=2, reconstruction=0, feature=0))
    assert doubled.item() == pytest.approx(2 * 0.5 + 0.01 * 0.5)


def test_weights_that_are_negative_or_not_a_number_are_refused_at_once():
    with pytest.raises(InputError, match=r"feature must be a finite number of 0 or more, got -1; attention .*got nan"):
        LossWeights(feature=-1, attention=float("nan"))
    for wrong in (float("inf"), "1", None):
        with pytest.raises(InputError, match="forecast must be a finite number"):
            LossWeights(forecast=wrong)  # type: ignore[arg-type]
