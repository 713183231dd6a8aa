"""Decoder heads: estimate every cell of a window from its embedding and, with context, its observed cells."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentfill.nn.dropout import Dropout
from latentfill.strategies.denoise.head_input import HeadInput, HeadSize
from latentfill.strategies.denoise.noisy_linear import NoisyLinear
from latentfill.strategies.denoise.trunks import TRUNKS

GATE_START = -3.0  # log odds of a gate before training: nearly closed
LEAST_SPREAD_OF_INPUTS = 0.01  # scaled units; inputs are divided by the spread
Z_SUMMARY = 32  # numbers per column to which an embedding is reduced, against overfitting

# Inputs of a `StepHead` with context for each cell: keys of `cell_views`, in the order of its first layer.
NEIGHBOUR_VIEWS = ("neighbour_spread", "neighbour_mean")
CELL_VIEWS = (
    "base",
    "usual_level",
    "spread",
    "observed",
    "back",
    "ahead",
    "residual",
    "neighbour_spread",
    "decoded",
    "line",
    "before",
    "after",
    "neighbour_mean",
)


class ZSummary(nn.Module):
    """Embedding (B, K, D) -> (B, K * Z_SUMMARY), with one small layer shared by all columns."""

    def __init__(self, size: HeadSize) -> None:
        super().__init__()
        self.layer = NoisyLinear(size.z_dim, Z_SUMMARY)

    def forward(self, z: Tensor, noise: Tensor | None = None) -> Tensor:
        return nn.functional.gelu(self.layer(z, noise)).flatten(1)

    @staticmethod
    def size_of(size: HeadSize) -> int:
        """Numbers that it returns per window."""
        return size.z_columns * Z_SUMMARY


class ZDecoder(nn.Module):
    """Embedding (B, K, D) -> window (B, L, C), by one layer shared by all columns, or from a pooled embedding."""

    def __init__(self, size: HeadSize) -> None:
        super().__init__()
        self.pooled = size.z_columns != size.columns
        self.shape = (size.length, size.columns)
        cells = size.length * size.columns
        self.layer = (
            NoisyLinear(size.z_columns * size.z_dim, cells) if self.pooled else NoisyLinear(size.z_dim, size.length)
        )

    def forward(self, z: Tensor, noise: Tensor | None = None) -> Tensor:
        if self.pooled:
            return self.layer(z.flatten(1), noise).unflatten(1, self.shape)  # type: ignore[no-any-return]
        return self.layer(z, noise).transpose(1, 2)  # type: ignore[no-any-return]


class MlpHead(nn.Module):
    """Two hidden layers for the whole window; the output is added to the base in units of the base's spread.

    Embeddings of single steps are decoded step by step, by one linear layer.
    """

    def __init__(self, size: HeadSize) -> None:
        super().__init__()
        self.context = size.context
        self.shape = (size.length, size.columns)
        self.summary = ZSummary(size)
        self.step_decoder = nn.Linear(size.step_dim, size.columns) if size.step_dim else None
        cells = size.length * size.columns
        inputs = ZSummary.size_of(size) + size.columns + (2 * cells if size.context else 0)
        hidden = 4 * size.width
        self.layers = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.GELU(),
            Dropout(size.dropout),
            nn.Linear(hidden, 2 * hidden),
            nn.GELU(),
            Dropout(size.dropout),
        )
        self.outlet = zeroed(nn.Linear(2 * hidden, cells))

    def forward(self, head_input: HeadInput) -> Tensor:
        level = head_input.level[:, None]
        parts = [self.summary(head_input.z, head_input.z_noise), head_input.level]
        if self.context:
            parts += [(head_input.base - level).flatten(1), head_input.observed.to(level.dtype).flatten(1)]
        window: Tensor = self.outlet(self.layers(torch.cat(parts, dim=1))).unflatten(1, self.shape)
        if self.step_decoder is not None:
            window = window + self.step_decoder(head_input.steps)
        return head_input.base + head_input.spread * window


class StepHead(nn.Module):
    """A trunk over the steps of a window, one of `TRUNKS`, that sees all columns at each step.

    With context, two learnt gates mix the base with the window decoded from the embedding and with the mean of the
    nearest windows. A learnt residual is added in units of the base's spread, so that nearly certain cells hardly
    change. The trunk sees the `CELL_VIEWS` but not the embedding, with which it would overfit to the training windows.
    Without context, the head refines the window decoded from the embedding.
    """

    def __init__(self, size: HeadSize, *, trunk: str = "conv", decodes: bool) -> None:
        """With `decodes`, the head decodes the noisy z itself, instead of using the encoder's decoded window.

        Embeddings of single steps are decoded step by step.
        """
        super().__init__()
        self.context = size.context
        self.decoder = ZDecoder(size) if decodes and not size.step_dim else None
        self.step_decoder = nn.Linear(size.step_dim, size.columns) if size.step_dim else None
        self.views = tuple(view for view in CELL_VIEWS if size.neighbours or view not in NEIGHBOUR_VIEWS)
        inputs = len(self.views) * size.columns + size.phases if size.context else size.columns
        self.inlet = nn.Linear(inputs, size.width)
        self.from_z = (
            None if size.context else nn.Sequential(ZSummary(size), nn.Linear(ZSummary.size_of(size), size.width))
        )
        self.trunk = TRUNKS[trunk](size.width, size.blocks, size.kernel, size.dropout)
        self.norm = nn.LayerNorm(size.width)
        self.residual = zeroed(nn.Linear(size.width, size.columns))
        self.gate = zeroed(nn.Linear(size.width, size.columns), GATE_START)
        self.near_gate = zeroed(nn.Linear(size.width, size.columns), GATE_START) if size.neighbours else None

    def forward(self, head_input: HeadInput) -> Tensor:
        decoded = head_input.decoded
        if self.decoder is not None:
            decoded = self.decoder(head_input.z, head_input.z_noise) + head_input.level[:, None]
        elif self.step_decoder is not None:
            decoded = self.step_decoder(head_input.steps) + head_input.level[:, None]
        assert decoded is not None
        x = self.inlet(self._trunk_input(head_input, decoded))
        if self.from_z is not None:
            summary, layer = self.from_z
            x = x + layer(summary(head_input.z, head_input.z_noise))[:, None]
        x = self.norm(self.trunk(x))
        residual: Tensor = self.residual(x)
        if not self.context:
            return decoded + residual
        estimate = torch.lerp(head_input.base, decoded, _share(self.gate(x)))
        if self.near_gate is not None and head_input.neighbour_mean is not None:
            estimate = torch.lerp(estimate, head_input.neighbour_mean, _share(self.near_gate(x)))
        return estimate + head_input.spread * residual

    def _trunk_input(self, head_input: HeadInput, decoded: Tensor) -> Tensor:
        """The features of each step, (B, L, features)."""
        if not self.context:
            return decoded
        views = cell_views(head_input, decoded)
        return torch.cat([*(views[name] for name in self.views), head_input.clock], dim=2)


def _share(gate: Tensor) -> Tensor:
    """How far gates open, from 0 to 1, in single precision."""
    return torch.sigmoid(gate.float())


def cell_views(head_input: HeadInput, decoded: Tensor) -> dict[str, Tensor]:
    """Input features of each cell, by name, all (B, L, C).

    Estimates enter as their distance from the base in units of its spread, compressed by asinh. In observed cells the
    base is replaced by its leave-one-out estimate, so that observed cells look like hidden ones.
    """
    spread = head_input.spread.clamp(min=LEAST_SPREAD_OF_INPUTS)
    leave_one_out = head_input.base - head_input.residual
    estimates = {"decoded": decoded, "line": head_input.line, "before": head_input.before, "after": head_input.after}
    views = {
        "base": head_input.base - head_input.level[:, None],
        "usual_level": head_input.usual_level[:, None].expand_as(decoded),
        "spread": spread.log(),
        "observed": head_input.observed.to(decoded.dtype),
        "back": 1 / head_input.back,
        "ahead": 1 / head_input.ahead,
        "residual": (head_input.residual / spread).asinh(),
    }
    if head_input.neighbour_mean is not None and head_input.neighbour_spread is not None:
        estimates["neighbour_mean"] = head_input.neighbour_mean
        views["neighbour_spread"] = head_input.neighbour_spread
    return views | {name: ((estimate - leave_one_out) / spread).asinh() for name, estimate in estimates.items()}


def make_head(name: str, size: HeadSize, *, decodes: bool) -> nn.Module:
    """The head called `name`: "mlp", or one of `TRUNKS`; `decodes` as in `StepHead`."""
    return MlpHead(size) if name == "mlp" else StepHead(size, trunk=name, decodes=decodes)


def zeroed(layer: nn.Linear, bias: float = 0.0) -> nn.Linear:
    """`layer` initialised to return `bias` for any input, so that an untrained head returns about the base."""
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, bias)
    return layer
