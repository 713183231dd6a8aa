"""Trains TimeKD's student, with or without a teacher."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from latentfill.core.seeds import SeedStream
from latentfill.embeddings.timekd.distil_data import DistilData
from latentfill.embeddings.timekd.distil_loss import LossWeights, distillation_loss
from latentfill.embeddings.timekd.distil_settings import DistilSettings
from latentfill.embeddings.timekd.forecasts import ForecastBatch, ForecastWindows, forecast_errors, windows_at_once
from latentfill.embeddings.timekd.student_net import StudentShape, VariableForecaster
from latentfill.nn.losses import Loss
from latentfill.nn.progress import History, ProgressCallback, Stage
from latentfill.nn.runtime import one_thread, seeded
from latentfill.nn.training import Objective, train

CHECK_WINDOWS = 512  # validation windows, at most, for early stopping
FEW_TOKENS = 1024  # one thread is fastest for batches of at most so many tokens


class Distillation(nn.Module):
    """A student and, with a teacher, a forecaster on the teacher's embeddings, which are trained together."""

    def __init__(self, shape: StudentShape, teacher_size: int | None, dropout: float) -> None:
        super().__init__()
        self.student = VariableForecaster(shape.length, shape, dropout)
        self.teacher = None if teacher_size is None else VariableForecaster(teacher_size, shape, dropout)

    def loss(self, batch: ForecastBatch, vectors: Tensor | None, weights: LossWeights) -> Tensor:
        """The loss of a batch; `vectors` (B, C, D) are its teacher embeddings, None without a teacher."""
        teacher = self.teacher(vectors) if self.teacher is not None else None
        return distillation_loss(batch, self.student(batch.tokens), teacher, weights)


def fit_student(
    data: DistilData,
    settings: DistilSettings,
    *,
    seed: int,
    device: torch.device,
    progress: ProgressCallback | None = None,
) -> tuple[VariableForecaster, History]:
    """Train a student on the train windows, with early stopping by its forecasts of the validation windows.

    Students with and without a teacher start from the same weights and see the same batches. The student is frozen.
    """
    windows, teacher = data.train, data.teacher
    rng = SeedStream.STUDENT.generator(seed)
    size = min(settings.batch, windows_at_once(windows.values.shape[1] * windows.length))
    check = _evenly_spaced(data.val, CHECK_WINDOWS)
    few = size * windows.values.shape[1] <= FEW_TOKENS
    with seeded(seed), one_thread() if few else nullcontext():
        shape, teacher_size = student_shape(windows, settings), None if teacher is None else teacher.size
        pair = Distillation(shape, teacher_size, settings.dropout).to(device)

        def loss() -> Loss:
            index = rng.integers(len(windows), size=size)
            vectors = None if teacher is None else teacher.take(index, device)
            return Loss.of_mean(pair.loss(windows.take(index).batch(device), vectors, settings.weights))

        def error() -> float:
            return forecast_errors(pair.student, check, device).mse

        stage = Stage("student without teacher" if teacher is None else "student", progress)
        history = train(pair, Objective(loss, error if check.has_future() else None), settings.schedule, stage)
    return pair.student, history


def student_shape(windows: ForecastWindows, settings: DistilSettings) -> StudentShape:
    """The shape of a student that reads these windows."""
    return StudentShape(
        length=windows.length,
        pred_len=windows.pred_len,
        dim=settings.dim,
        layers=settings.layers,
        heads=settings.heads,
    )


def _evenly_spaced(windows: ForecastWindows, most: int) -> ForecastWindows:
    """At most `most` of the windows, evenly spaced."""
    return windows.take(slice(None, None, -(-len(windows) // most) or 1))
