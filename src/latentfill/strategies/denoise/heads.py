"""Decoder heads: from an embedding (and, if asked for, the observed context) to one estimate per cell."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor, nn

from latentfill.strategies.denoise.trunks import TRUNKS

GATE_START = -3.0  # how closed a gate is before training, in log odds
LEAST_SPREAD_OF_INPUTS = 0.01  # scaled units; distances are seen in units of the spread
Z_SUMMARY = 32  # numbers per column that the mlp head keeps of an embedding: its shape, not its every digit


@dataclass(frozen=True, slots=True, eq=False)
class HeadInput:
    """What a head may look at, for B windows of L steps and C columns, in scaled units."""

    z: Tensor  # (B, K, D) embedding, K = C, or 1 for a pooled one
    coarse: Tensor | None  # (B, L, C) the encoder's own decoded window, if it has one
    level: Tensor  # (B, C) mean of the observed cells
    standing: Tensor  # (B, C) the level, held to what is usual: another year may lie beyond all that was learnt from
    base: Tensor  # (B, L, C) what the head adds to: the best linear estimate, or the level alone
    missed: Tensor  # (B, L, C) what the base would have missed of the observed cells, 0 elsewhere
    spread: Tensor  # (B, L, C) standard deviation of the base's error; where observed, of what is missed
    line: Tensor  # (B, L, C) straight line between the nearest other observed cells
    before: Tensor  # (B, L, C) the last observed value before the cell
    after: Tensor  # (B, L, C) the first one after it
    back: Tensor  # (B, L, C) steps back to the one before, at least 1
    ahead: Tensor  # (B, L, C) steps ahead to the one after
    observed: Tensor  # (B, L, C) bool
    clock: Tensor  # (B, L, P) phase of each step in the series' cycles
    near: Tensor | None = None  # (B, L, C) what the nearest windows say, if they are looked at
    near_spread: Tensor | None = None  # (B, L, C) how far they disagree

    def take(self, index: Tensor) -> HeadInput:
        """Some of the windows."""
        parts = ((f.name, getattr(self, f.name)) for f in fields(self))
        return replace(self, **{name: part[index] for name, part in parts if part is not None})


@dataclass(frozen=True, kw_only=True)
class HeadSize:
    """Everything that fixes a head's layers."""

    length: int
    columns: int
    phases: int
    z_columns: int
    z_dim: int
    context: bool  # whether the head sees the observed cells, or z and the level alone
    neighbours: bool  # whether it sees what the nearest windows say
    width: int
    blocks: int
    kernel: int
    dropout: float


class ZSummary(nn.Module):
    """Embedding (B, K, D) -> (B, K * Z_SUMMARY), the same small layer for every column."""

    def __init__(self, size: HeadSize) -> None:
        super().__init__()
        self.layer = nn.Linear(size.z_dim, Z_SUMMARY)

    def forward(self, z: Tensor) -> Tensor:
        return nn.functional.gelu(self.layer(z)).flatten(1)

    @staticmethod
    def size_of(size: HeadSize) -> int:
        """How many numbers it gives."""
        return size.z_columns * Z_SUMMARY


class ZDecoder(nn.Module):
    """Embedding (B, K, D) -> window (B, L, C): one layer that all columns share, or all at once from a pooled one."""

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
    """Two hidden layers from the embedding to the whole window.

    The window is the base plus what the layers say, in units of the base's spread.
    """

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

    With context the head starts from the base, moves towards the
    window decoded from the embedding and towards what the nearest windows say as far as learnt gates let it, and adds a
    residual in units of the base's spread: what is nearly certain stays so. It sees each candidate as its distance
    from the base in those units, and in observed cells how far the base, left to the other cells, would have missed.
    The embedding itself it does not see: that tells windows apart so well that they are learnt by heart. Without
    context it refines the window decoded from the embedding.
    """

    def __init__(self, size: HeadSize, *, trunk: str = "conv", decodes: bool) -> None:
        """`decodes`: decode a window from the noisy z here, instead of taking the encoder's own."""
        super().__init__()
        self.context = size.context
        self.decoder = ZDecoder(size) if decodes else None
        views = (13 if size.neighbours else 11) if size.context else 1
        seen = views * size.columns + (size.phases if size.context else 0)
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
        coarse = given.coarse
        if self.decoder is not None:
            coarse = self.decoder(given.z) + given.level[:, None]
        assert coarse is not None
        x = self.inlet(torch.cat(self._per_step(given, coarse), dim=2))
        if self.from_z is not None:
            x = x + self.from_z(given.z)[:, None]
        x = self.norm(self.trunk(x))
        residual: Tensor = self.residual(x)
        if not self.context:
            return coarse + residual
        estimate = torch.lerp(given.base, coarse, torch.sigmoid(self.gate(x)))
        if self.near_gate is not None and given.near is not None:
            estimate = torch.lerp(estimate, given.near, torch.sigmoid(self.near_gate(x)))
        return estimate + given.spread * residual

    def _per_step(self, given: HeadInput, coarse: Tensor) -> list[Tensor]:
        if not self.context:
            return [coarse]
        level = given.level[:, None]
        spread = given.spread.clamp(min=LEAST_SPREAD_OF_INPUTS)
        alone = given.base - given.missed  # what the base makes of each cell from all others
        views = [given.base - level, given.standing[:, None].expand_as(coarse)]
        views += [spread.log(), given.observed.to(coarse.dtype)]
        views += [1 / given.back, 1 / given.ahead, (given.missed / spread).asinh()]
        others = [coarse, given.line, given.before, given.after]
        if self.near_gate is not None and given.near is not None and given.near_spread is not None:
            others.append(given.near)
            views.append(given.near_spread)
        return [*views, *(((other - alone) / spread).asinh() for other in others), given.clock]


def make_head(name: str, size: HeadSize, *, decodes: bool) -> nn.Module:
    """The head of that name: `mlp`, or a trunk over the steps; `decodes` as in `StepHead`."""
    return MlpHead(size) if name == "mlp" else StepHead(size, trunk=name, decodes=decodes)


def zeroed(layer: nn.Linear, bias: float = 0.0) -> nn.Linear:
    """A layer that says `bias` until trained, so that a head starts out as what it adds to."""
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, bias)
    return layer
