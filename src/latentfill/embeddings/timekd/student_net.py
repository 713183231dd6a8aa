"""The network of TimeKD's student, and of its teacher's trainable part: a forecaster with one token per column.

After Liu et al., "Efficient Multivariate Time Series Forecasting via Calibrated Language Models with Privileged
Knowledge Distillation", ICDE 2025 (arXiv 2505.02138), and iTransformer (Liu et al., ICLR 2024).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from torch import Tensor, nn

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted

LARGEST_SIZES = {"length": 100_000, "pred_len": 100_000, "dim": 8192, "layers": 64, "heads": 8192}


@dataclass(frozen=True, kw_only=True)
class StudentShape:
    """The sizes of a student's layers; they do not depend on the number of columns."""

    length: int  # L, steps of a window
    pred_len: int  # H, steps to forecast
    dim: int = 64  # W, size of the encoding of a column
    layers: int = 2
    heads: int = 4  # attention heads

    def __post_init__(self) -> None:
        problems = [
            f"{f.name} must be a whole number from 1 to {LARGEST_SIZES[f.name]}, got {quoted(value)}"
            for f in fields(self)
            if type(value := getattr(self, f.name)) is not int or not 1 <= value <= LARGEST_SIZES[f.name]
        ]
        if not problems and self.dim % self.heads:
            problems.append(f"dim must be a multiple of heads ({self.heads}), got {self.dim}")
        if problems:
            raise InputError("student: " + "; ".join(problems))


@dataclass(frozen=True, slots=True, eq=False)
class ForecasterOutput:
    """The output of a forecaster for B windows."""

    encoding: Tensor  # (B, C, W)
    attention: Tensor  # (B, C, C) between columns, in the last layer, mean over its heads; rows sum to 1
    forecast: Tensor  # (B, H, C) of normalised values


class VariableForecaster(nn.Module):
    """Inverted transformer: each column of a window is a token, and all columns share the same weights.

    The input of a token is the column's values (`inputs` = L) for the student, its stored embedding (`inputs` = D) for
    the teacher.
    """

    def __init__(self, inputs: int, shape: StudentShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.token = nn.Linear(inputs, shape.dim)
        self.layers = nn.ModuleList(EncoderLayer(shape.dim, shape.heads, dropout) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.dim)
        self.future = nn.Linear(shape.dim, shape.pred_len)

    def forward(self, tokens: Tensor) -> ForecasterOutput:
        """Encode and forecast from tokens (B, C, inputs)."""
        x = self.token(tokens)
        for layer in self.layers:
            x, attention = layer(x)
        encoding = self.norm(x)
        return ForecasterOutput(encoding, attention, self.future(encoding).transpose(1, 2))


class EncoderLayer(nn.Module):
    """A pre-norm transformer layer over tokens (B, C, W) that also returns its attention."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(dim)
        # no dropout, as the loss compares attention maps
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mix = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The new tokens (B, C, W), and the attention (B, C, C)."""
        normalised = self.before_attention(x)
        attended, attention = self.attention(normalised, normalised, normalised, need_weights=True)
        x = x + self.dropout(attended)
        return x + self.dropout(self.mix(x)), attention
