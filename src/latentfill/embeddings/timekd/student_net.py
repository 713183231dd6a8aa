"""TimeKD's student and the trainable path of its teacher: forecasters whose tokens are the variables of a window.

After Liu et al., "Efficient Multivariate Time Series Forecasting via Calibrated Language Models with Privileged
Knowledge Distillation", ICDE 2025 (arXiv 2505.02138); one token per variable as in iTransformer (Liu et al., ICLR
2024).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray
from latentfill.windows.gaps import interpolate

LARGEST_VALUE = (
    1e6  # scaled units; beyond it a value is taken for this one, so that squares stay within single precision
)
FLATTEST_WINDOW = 0.01  # scaled units; a flatter window is not blown up further
SIZES = {"length": 100_000, "pred_len": 100_000, "dim": 8192, "layers": 64, "heads": 8192}  # largest that make sense


@dataclass(frozen=True, kw_only=True)
class StudentShape:
    """Everything that fixes a student's layers; the number of columns does not."""

    length: int  # steps of a window
    pred_len: int  # steps it forecasts
    dim: int = 64  # of the encoding of a column
    layers: int = 2
    heads: int = 4

    def __post_init__(self) -> None:
        problems = [
            f"{f.name} must be a whole number from 1 to {SIZES[f.name]}, got {value!r}"
            for f in fields(self)
            if type(value := getattr(self, f.name)) is not int or not 1 <= value <= SIZES[f.name]
        ]
        if not problems and self.dim % self.heads:
            problems.append(f"dim must be a multiple of heads ({self.heads}), got {self.dim}")
        if problems:
            raise InputError("student: " + "; ".join(problems))


@dataclass(frozen=True, slots=True, eq=False)
class Normalised:
    """B windows without the mean and standard deviation of their observed cells, which are kept beside them."""

    tokens: FloatArray  # (B, C, L), gaps bridged; 0 where a column has nothing observed
    level: FloatArray  # (B, C) scaled units
    spread: FloatArray  # (B, C) scaled units, at least `LEAST_SPREAD`


def normalise(values: FloatArray) -> Normalised:
    """Windows (B, L, C) in scaled units, NaN where missing, as a student reads them: only observed cells count."""
    values = np.clip(values, -LARGEST_VALUE, LARGEST_VALUE)
    observed = ~np.isnan(values)
    count = np.maximum(observed.sum(axis=1, keepdims=True), 1)
    level = np.where(observed, values, 0.0).sum(axis=1, keepdims=True) / count
    centred = np.where(observed, values - level, 0.0)
    spread = np.maximum(np.sqrt((centred**2).sum(axis=1, keepdims=True) / count), FLATTEST_WINDOW)
    shape = np.nan_to_num((interpolate(values) - level) / spread)
    return Normalised(shape.transpose(0, 2, 1), level[:, 0], spread[:, 0])


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a forecaster makes of B windows."""

    encoding: Tensor  # (B, C, W)
    attention: Tensor  # (B, C, C) of the last layer, mean over its heads: how far each column looks at each
    forecast: Tensor  # (B, H, C) in units of the window's spread from its level


class VariableForecaster(nn.Module):
    """Inverted transformer: a column of a window is a token, and no weight belongs to any one column.

    The student reads the steps of the window (`inputs` = L), the teacher's path a stored embedding (`inputs` = D).
    """

    def __init__(self, inputs: int, shape: StudentShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.token = nn.Linear(inputs, shape.dim)
        self.layers = nn.ModuleList(EncoderLayer(shape.dim, shape.heads, dropout) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.dim)
        self.future = nn.Linear(shape.dim, shape.pred_len)

    def forward(self, tokens: Tensor) -> Reading:
        """Read tokens (B, C, inputs)."""
        x = self.token(tokens)
        for layer in self.layers:
            x, attention = layer(x)
        encoding = self.norm(x)
        return Reading(encoding, attention, self.future(encoding).transpose(1, 2))


class EncoderLayer(nn.Module):
    """Self-attention over tokens (B, C, W), then two layers each by itself; normalised before, added after."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)  # no dropout: its map is learnt from
        self.mix = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The tokens, and the attention map (B, C, C)."""
        asked = self.before_attention(x)
        found, attention = self.attention(asked, asked, asked, need_weights=True)
        x = x + self.dropout(found)
        return x + self.dropout(self.mix(x)), attention


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """How much each loss counts; the published ones."""

    forecast: float = 1.0  # of the student, against the future
    reconstruction: float = 0.5  # of the teacher's path, against the future
    feature: float = 0.1  # student's encoding against the teacher's
    attention: float = 0.01  # student's attention map against the teacher's

    def __post_init__(self) -> None:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        problems = [f"{name} must be 0 or more, got {value!r}" for name, value in values.items() if not value >= 0]
        if problems:
            raise InputError("loss weights: " + "; ".join(problems))


@dataclass(frozen=True, slots=True, eq=False)
class ForecastBatch:
    """B windows to read, and the steps that follow them."""

    tokens: Tensor  # (B, C, L), see `normalise`
    level: Tensor  # (B, C)
    spread: Tensor  # (B, C)
    future: Tensor  # (B, H, C) scaled units, NaN where missing

    def scaled(self, forecast: Tensor) -> Tensor:
        """A forecast (B, H, C) of these windows in scaled units."""
        return forecast * self.spread[:, None] + self.level[:, None]


def distillation_loss(batch: ForecastBatch, student: Reading, teacher: Reading | None, weights: LossWeights) -> Tensor:
    """Weighted sum of the smooth L1 losses; without a teacher that of the forecast alone."""
    loss = weights.forecast * observed_smooth_l1(batch.scaled(student.forecast), batch.future)
    if teacher is None:
        return loss
    loss = loss + weights.reconstruction * observed_smooth_l1(batch.scaled(teacher.forecast), batch.future)
    loss = loss + weights.feature * functional.smooth_l1_loss(student.encoding, teacher.encoding)
    return loss + weights.attention * functional.smooth_l1_loss(student.attention, teacher.attention)


def observed_smooth_l1(estimate: Tensor, target: Tensor) -> Tensor:
    """Mean smooth L1 loss over the cells of `target` that are no NaN; 0 if there are none."""
    known = ~target.isnan()
    error = torch.where(known, estimate - target, 0.0)
    loss = functional.smooth_l1_loss(error, torch.zeros_like(error), reduction="sum")
    return loss / known.sum().clamp(min=1)
