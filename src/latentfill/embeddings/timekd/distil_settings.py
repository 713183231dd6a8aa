"""Settings for training a student."""

from __future__ import annotations

from dataclasses import dataclass, field

from latentfill.core.errors import InputError
from latentfill.embeddings.timekd.distil_loss import LossWeights
from latentfill.nn.training import TrainingSchedule


@dataclass(frozen=True, kw_only=True)
class DistilSettings:
    """The sizes of a student, and the settings of its training."""

    dim: int = 128  # size of the encoding of a column, as in the built-in encoder
    layers: int = 2
    heads: int = 4  # attention heads
    dropout: float = 0.2
    steps: int = 2000  # training steps at most, with early stopping by the forecast error
    batch: int = 32  # windows per step, fewer in wide tables
    learning_rate: float = 1e-3  # peak, after the warm-up and before the cosine decay
    check_every: int = 100  # steps between measurements of the forecast error
    patience: int = 10  # measurements without improvement before training stops
    weights: LossWeights = field(default_factory=LossWeights)
    teacher: bool = True  # learn from embeddings; if false, only from the series
    compare: bool = True  # also train a student without a teacher, on the same windows

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
        """The training schedule of these settings."""
        return TrainingSchedule(
            steps=self.steps,
            learning_rate=self.learning_rate,
            check_every=self.check_every,
            patience=self.patience,
        )
