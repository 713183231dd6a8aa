"""The training loss of a student and its teacher's trainable part (TimeKD, Liu et al., arXiv 2505.02138)."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.embeddings.timekd.forecasts import ForecastBatch
from latentfill.embeddings.timekd.student_net import ForecasterOutput


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """The weight of each loss in the sum; the defaults are the published weights."""

    forecast: float = 1.0  # the student's forecast against the future
    reconstruction: float = 0.5  # the teacher's forecast against the future
    feature: float = 0.1  # the student's encoding against the teacher's
    attention: float = 0.01  # the student's attention against the teacher's

    def __post_init__(self) -> None:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        problems = [
            f"{name} must be a finite number of 0 or more, got {quoted(value)}"
            for name, value in values.items()
            if not (isinstance(value, int | float) and 0 <= value < math.inf)
        ]
        if problems:
            raise InputError("loss weights: " + "; ".join(problems))


def distillation_loss(
    batch: ForecastBatch, student: ForecasterOutput, teacher: ForecasterOutput | None, weights: LossWeights
) -> Tensor:
    """Weighted sum of smooth L1 losses; without a teacher only the forecast loss."""
    loss = weights.forecast * observed_smooth_l1(batch.scaled(student.forecast), batch.future)
    if teacher is None:
        return loss
    loss = loss + weights.reconstruction * observed_smooth_l1(batch.scaled(teacher.forecast), batch.future)
    loss = loss + weights.feature * functional.smooth_l1_loss(student.encoding, teacher.encoding)
    return loss + weights.attention * functional.smooth_l1_loss(student.attention, teacher.attention)


def observed_smooth_l1(estimate: Tensor, target: Tensor) -> Tensor:
    """Mean smooth L1 loss over the cells of `target` that are not NaN; 0 if there are none."""
    observed = ~target.isnan()
    error = torch.where(observed, estimate - target, 0.0)
    loss = functional.smooth_l1_loss(error, torch.zeros_like(error), reduction="sum")
    return loss / observed.sum().clamp(min=1)
