"""Training of TimeKD's student, with a teacher's vectors or alone."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.errors import InputError
from latentfill.core.seeds import SeedStream
from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.protocols.encoder import tensor
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.lookup import usable_vectors
from latentfill.embeddings.timekd.forecasts import ForecastWindows, forecast_errors, windows_at_once
from latentfill.embeddings.timekd.student_net import (
    ForecastBatch,
    LossWeights,
    StudentShape,
    VariableForecaster,
    distillation_loss,
)
from latentfill.nn.runtime import one_thread, seeded
from latentfill.nn.training import History, Objective, ProgressCallback, Stage, TrainingSchedule, train

CHECK_WINDOWS = 512  # that early stopping looks at
FEW_TOKENS = 1024  # of a batch; so small ones are computed by one thread
TYPICAL_WINDOWS = 512  # that say where a teacher's vectors lie


@dataclass(frozen=True, kw_only=True)
class DistilSettings:
    """How a student is made."""

    dim: int = 128  # of the encoding of a column; as the built-in encoder has it
    layers: int = 2
    heads: int = 4
    dropout: float = 0.2
    steps: int = 2000  # most training steps; stops earlier when the forecasts get no better
    batch: int = 32  # windows per step, fewer in wide tables
    learning_rate: float = 1e-3  # peak, after warm-up; cosine decay
    check_every: int = 100  # steps between looks at the forecast error
    patience: int = 10  # looks without improvement before training stops
    weights: LossWeights = field(default_factory=LossWeights)
    teacher: bool = True  # whether to learn from embeddings; else from the series alone
    compare: bool = True  # train a student without a teacher as well, on the same windows

    def __post_init__(self) -> None:
        counts = ("steps", "batch", "check_every", "patience")
        problems = [f"{name} must be at least 1, got {v}" for name in counts if (v := getattr(self, name)) < 1]
        if not 0 <= self.dropout < 1:
            problems.append(f"dropout must be at least 0 and below 1, got {self.dropout}")
        if not 0 < self.learning_rate <= 1:
            problems.append(f"learning_rate must be above 0 and at most 1, got {self.learning_rate}")
        if problems:
            raise InputError("distil: " + "; ".join(problems))

    @property
    def schedule(self) -> TrainingSchedule:
        """How long and how fast to train."""
        wanted = (f.name for f in fields(TrainingSchedule) if f.name != "deadline")
        return TrainingSchedule(**{name: getattr(self, name) for name in wanted})


@dataclass(frozen=True, slots=True, eq=False)
class TeacherVectors:
    """Stored embeddings as the teacher's path reads them: each number less its mean, in its standard deviations.

    The vectors of a language model have a large part in common, beside which what tells windows apart is small.
    """

    embeddings: Embeddings
    at: IntArray  # (N,) which of them belong to the windows to train on, in the order of those
    shift: FloatArray  # (D,)
    scale: FloatArray  # (D,)

    @classmethod
    def of(cls, embeddings: Embeddings, at: IntArray) -> Self:
        """Those of the windows to train on."""
        typical = usable_vectors(embeddings, at[:: -(-len(at) // TYPICAL_WINDOWS)]).astype(float)
        scale = typical.std(axis=(0, 1))
        return cls(embeddings, at, typical.mean(axis=(0, 1)), np.where(scale > 0, scale, 1.0))

    @property
    def size(self) -> int:
        """D."""
        return int(self.embeddings.vectors.shape[2])

    def take(self, index: IntArray, device: torch.device) -> Tensor:
        """The vectors (B, C, D) of some of the windows."""
        return tensor((usable_vectors(self.embeddings, self.at[index]) - self.shift) / self.scale, device)


class Distillation(nn.Module):
    """What is trained together: a student and, with one, the teacher's path."""

    def __init__(self, shape: StudentShape, teacher_size: int | None, dropout: float) -> None:
        super().__init__()
        self.student = VariableForecaster(shape.length, shape, dropout)
        self.teacher = None if teacher_size is None else VariableForecaster(teacher_size, shape, dropout)

    def loss(self, batch: ForecastBatch, vectors: Tensor | None, weights: LossWeights) -> Tensor:
        """The loss of a batch, whose stored embeddings are `vectors` (B, C, D)."""
        taught = self.teacher(vectors) if self.teacher is not None else None
        return distillation_loss(batch, self.student(batch.tokens), taught, weights)


def fit_student(
    windows: ForecastWindows,
    teacher: TeacherVectors | None,
    check: ForecastWindows,
    settings: DistilSettings,
    *,
    seed: int,
    device: torch.device,
    progress: ProgressCallback | None = None,
) -> tuple[VariableForecaster, History]:
    """Train a student on `windows`, stopping early by its forecasts of those to `check` by; then freeze it.

    `teacher` has the embeddings of the very same windows. A student without one starts from the same weights and sees
    the same batches.
    """
    shape = student_shape(windows, settings)
    rng = SeedStream.STUDENT.generator(seed)
    size = min(settings.batch, windows_at_once(windows.values.shape[1] * windows.length))
    some = check.take(slice(None, None, -(-len(check) // CHECK_WINDOWS) or 1))
    few = size * windows.values.shape[1] <= FEW_TOKENS
    with seeded(seed), one_thread() if few else nullcontext():
        pair = Distillation(shape, None if teacher is None else teacher.size, settings.dropout).to(device)

        def loss() -> Tensor:
            drawn = rng.integers(len(windows), size=size)
            vectors = None if teacher is None else teacher.take(drawn, device)
            return pair.loss(windows.take(drawn).batch(device), vectors, settings.weights)

        def error() -> float:
            return forecast_errors(pair.student, some, device).mse

        stage = Stage("student alone" if teacher is None else "student", progress)
        history = train(pair, Objective(loss, error if some.any() else None), settings.schedule, stage)
    return pair.student, history


def student_shape(windows: ForecastWindows, settings: DistilSettings) -> StudentShape:
    """The shape of a student of these windows."""
    return StudentShape(
        length=windows.length,
        pred_len=windows.pred_len,
        dim=settings.dim,
        layers=settings.layers,
        heads=settings.heads,
    )
