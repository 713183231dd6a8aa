"""Decoder heads: from an embedding (and, with context, the observed cells) to an estimate of every cell."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentfill.strategies.denoise.head_input import HeadInput, HeadSize
from latentfill.strategies.denoise.trunks import TRUNKS

GATE_START = -3.0  # log odds of a gate before training: nearly closed
LEAST_SPREAD_OF_INPUTS = 0.01  # scaled units; distances are seen in units of the spread
Z_SUMMARY = 32  # numbers per column that the mlp head keeps of an embedding: its shape, not its every digit

# What a `StepHead` with context sees of each cell, by the names of `cell_views`, in the order of its first layer.
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
    """Embedding (B, K, D) -> (B, K * Z_SUMMARY), by the same small layer for every column."""

    def __init__(self, size: HeadSize) -> None:
        super().__init__()
        self.layer = nn.Linear(size.z_dim, Z_SUMMARY)

    def forward(self, z: Tensor) -> Tensor:
        return nn.functional.gelu(self.layer(z)).flatten(1)

    @staticmethod
    def size_of(size: HeadSize) -> int:
        """How many numbers it gives per window."""
        return size.z_columns * Z_SUMMARY


class ZDecoder(nn.Module):
    """Embedding (B, K, D) -> window (B, L, C): by one layer for all columns, or from a pooled embedding all at once."""

    def __init__(self, size: HeadSize) -> None:
        super().__init__()
        self.pooled = size.z_columns != size.columns
        self.shape = (size.length, size.columns)
        cells = size.length * size.columns
        self.layer = (
            nn.Linear(size.z_columns * size.z_dim, cells) if self.pooled else nn.Linear(size.z_dim, size.length)
        )

    def forward(self, z: Tensor) -> Tensor:
        if self.pooled:
            return self.layer(z.flatten(1)).unflatten(1, self.shape)  # type: ignore[no-any-return]
        return self.layer(z).transpose(1, 2)  # type: ignore[no-any-return]


class MlpHead(nn.Module):
    """Two hidden layers from the embedding to the whole window, added to the base in units of the base's spread."""

    def __init__(self, size: HeadSize) -> None:
        super().__init__()
        self.context = size.context
        self.shape = (size.length, size.columns)
        self.summary = ZSummary(size)
        cells = size.length * size.columns
        inputs = ZSummary.size_of(size) + size.columns + (2 * cells if size.context else 0)
        hidden = 4 * size.width
        self.layers = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.GELU(),
            nn.Dropout(size.dropout),
            nn.Linear(hidden, 2 * hidden),
            nn.GELU(),
            nn.Dropout(size.dropout),
        )
        self.outlet = zeroed(nn.Linear(2 * hidden, cells))

    def forward(self, given: HeadInput) -> Tensor:
        level = given.level[:, None]
        parts = [self.summary(given.z), given.level]
        if self.context:
            parts += [(given.base - level).flatten(1), given.observed.to(level.dtype).flatten(1)]
        window: Tensor = self.outlet(self.layers(torch.cat(parts, dim=1))).unflatten(1, self.shape)
        return given.base + given.spread * window


class StepHead(nn.Module):
    """A trunk over the steps of a window, one of `TRUNKS`, that sees all columns at each step.

    With context, the estimate starts from the base, moves towards the window decoded from the embedding and towards
    the mean of the nearest windows as far as two learnt gates allow, and gets a residual in units of the base's
    spread, so that nearly certain cells stay as they are. The trunk sees the `CELL_VIEWS` but not the embedding, which
    tells windows apart so well that the head would learn them by heart.
    Without context, the window decoded from the embedding is refined.
    """

    def __init__(self, size: HeadSize, *, trunk: str = "conv", decodes: bool) -> None:
        """With `decodes`, a window is decoded here from the noisy z, instead of taken from the encoder."""
        super().__init__()
        self.context = size.context
        self.decoder = ZDecoder(size) if decodes else None
        self.views = tuple(view for view in CELL_VIEWS if size.neighbours or view not in NEIGHBOUR_VIEWS)
        seen = len(self.views) * size.columns + size.phases if size.context else size.columns
        self.inlet = nn.Linear(seen, size.width)
        self.from_z = (
            None if size.context else nn.Sequential(ZSummary(size), nn.Linear(ZSummary.size_of(size), size.width))
        )
        self.trunk = TRUNKS[trunk](size.width, size.blocks, size.kernel, size.dropout)
        self.norm = nn.LayerNorm(size.width)
        self.residual = zeroed(nn.Linear(size.width, size.columns))
        self.gate = zeroed(nn.Linear(size.width, size.columns), GATE_START)
        self.near_gate = zeroed(nn.Linear(size.width, size.columns), GATE_START) if size.neighbours else None

    def forward(self, given: HeadInput) -> Tensor:
        decoded = given.decoded
        if self.decoder is not None:
            decoded = self.decoder(given.z) + given.level[:, None]
        assert decoded is not None
        x = self.inlet(self._seen(given, decoded))
        if self.from_z is not None:
            x = x + self.from_z(given.z)[:, None]
        x = self.norm(self.trunk(x))
        residual: Tensor = self.residual(x)
        if not self.context:
            return decoded + residual
        estimate = torch.lerp(given.base, decoded, torch.sigmoid(self.gate(x)))
        if self.near_gate is not None and given.neighbour_mean is not None:
            estimate = torch.lerp(estimate, given.neighbour_mean, torch.sigmoid(self.near_gate(x)))
        return estimate + given.spread * residual

    def _seen(self, given: HeadInput, decoded: Tensor) -> Tensor:
        """What the trunk sees at each step, (B, L, features)."""
        if not self.context:
            return decoded
        views = cell_views(given, decoded)
        return torch.cat([*(views[name] for name in self.views), given.clock], dim=2)


def cell_views(given: HeadInput, decoded: Tensor) -> dict[str, Tensor]:
    """What can be seen of each cell, by name, all (B, L, C).

    Estimates are seen by their distance from the base in units of its spread, on a scale that large ones do not leave.
    In observed cells it is the base's leave-one-out estimate, so that they look like hidden ones.
    """
    spread = given.spread.clamp(min=LEAST_SPREAD_OF_INPUTS)
    leave_one_out = given.base - given.residual
    estimates = {"decoded": decoded, "line": given.line, "before": given.before, "after": given.after}
    views = {
        "base": given.base - given.level[:, None],
        "usual_level": given.usual_level[:, None].expand_as(decoded),
        "spread": spread.log(),
        "observed": given.observed.to(decoded.dtype),
        "back": 1 / given.back,
        "ahead": 1 / given.ahead,
        "residual": (given.residual / spread).asinh(),
    }
    if given.neighbour_mean is not None and given.neighbour_spread is not None:
        estimates["neighbour_mean"] = given.neighbour_mean
        views["neighbour_spread"] = given.neighbour_spread
    return views | {name: ((estimate - leave_one_out) / spread).asinh() for name, estimate in estimates.items()}


def make_head(name: str, size: HeadSize, *, decodes: bool) -> nn.Module:
    """The head called `name`: "mlp", or one of `TRUNKS`; `decodes` as in `StepHead`."""
    return MlpHead(size) if name == "mlp" else StepHead(size, trunk=name, decodes=decodes)


def zeroed(layer: nn.Linear, bias: float = 0.0) -> nn.Linear:
    """`layer` with its output fixed at `bias` until it is trained, so that a head starts as the base it adds to."""
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, bias)
    return layer
