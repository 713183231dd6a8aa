"""The input of a decoder head, and the sizes that fix its layers."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import torch
from torch import Tensor

from latentfill.nn.tensors import tensor
from latentfill.strategies.kriging.kriged import Kriged
from latentfill.strategies.protocols.strategy import StrategySpec
from latentfill.windows.gaps import nearest_observed
from latentfill.windows.windows import Windows


@dataclass(frozen=True, slots=True, eq=False)
class HeadInput:
    """The input of a head for B windows of L steps and C columns, in scaled units.

    The head corrects the base: kriging's estimate, or without context the window's level.
    """

    z: Tensor  # (B, K, D) embedding; K = C, or 1 for a pooled embedding
    decoded: Tensor | None  # (B, L, C) window decoded by the encoder's own decoder, if it has one
    level: Tensor  # (B, C) mean of the observed cells
    usual_level: Tensor  # (B, C) level clipped to the usual range, as a level of another year may lie far outside
    base: Tensor  # (B, L, C)
    residual: Tensor  # (B, L, C) observed value minus the base's leave-one-out estimate; 0 where missing
    spread: Tensor  # (B, L, C) standard deviation of the base's error, or where observed, of the residual
    line: Tensor  # (B, L, C) straight line between the nearest other observed cells
    before: Tensor  # (B, L, C) the last observed value before the cell
    after: Tensor  # (B, L, C) the first observed value after the cell
    back: Tensor  # (B, L, C) steps back to `before`, at least 1
    ahead: Tensor  # (B, L, C) steps ahead to `after`, at least 1
    observed: Tensor  # (B, L, C) bool
    clock: Tensor  # (B, L, P) clock features
    neighbour_mean: Tensor | None = None  # (B, L, C) weighted mean of the nearest windows; None without neighbours
    neighbour_spread: Tensor | None = None  # (B, L, C) weighted standard deviation of the nearest windows
    steps: Tensor | None = None  # (B, L, S) embeddings of single steps; None if there are none
    z_noise: Tensor | None = None  # (B,) standard deviation of the noise to add to z; None without noise

    def without_z(self, chosen: Tensor) -> HeadInput:
        """The same without what comes from the embedding, in the windows where the mask `chosen` (B,) is True.

        A z that is standardised becomes its mean, a decoded window the level, and the nearest windows the base.
        """
        columns, cells = chosen[:, None, None], self.base.shape
        instead = {
            "z": torch.zeros_like(self.z),
            "decoded": self.level[:, None].expand(cells),
            "neighbour_mean": self.base,
            "neighbour_spread": self.spread,
        }
        parts = ((name, getattr(self, name), value) for name, value in instead.items())
        without = {name: torch.where(columns, value, part) for name, part, value in parts if part is not None}
        noise = None if self.z_noise is None else torch.where(chosen, 0.0, self.z_noise)
        return replace(self, z_noise=noise, **without)

    def take(self, index: Tensor) -> HeadInput:
        """The windows at `index`."""
        parts = ((f.name, getattr(self, f.name)) for f in fields(self))
        return replace(self, **{name: part[index] for name, part in parts if part is not None})


@dataclass(frozen=True, kw_only=True)
class HeadSize:
    """The sizes and choices that fix the layers of a head."""

    length: int  # L
    columns: int  # C
    phases: int  # P
    z_columns: int  # K
    z_dim: int  # D
    context: bool  # whether the head sees the observed cells, or only z and the level
    neighbours: bool  # whether it sees the nearest windows
    width: int  # channels
    blocks: int
    kernel: int  # steps
    dropout: float
    step_dim: int = 0  # S; 0 without embeddings of single steps

    @classmethod
    def of(cls, spec: StrategySpec, *, context: bool, neighbours: bool) -> HeadSize:
        """The sizes for the settings, series and encoder of `spec`."""
        config, encoder = spec.config, spec.required_encoder_shape
        return cls(
            length=config.windows.length,
            columns=spec.columns,
            phases=spec.phases,
            z_columns=encoder.columns,
            z_dim=encoder.dim,
            step_dim=encoder.step_dim,
            context=context,
            neighbours=neighbours,
            width=config.decoder.width,
            blocks=config.decoder.blocks,
            kernel=config.decoder.kernel,
            dropout=config.decoder.dropout,
        )


class Base(NamedTuple):
    """The estimate that a head corrects, all (B, L, C); see `HeadInput`."""

    estimate: Tensor
    residual: Tensor
    spread: Tensor


def base_of(kriged: Kriged | None, level: Tensor, values: Tensor) -> Base:
    """The base of windows `values` (B, L, C): kriging's estimate, or else the `level` (B, C) with a spread of 1."""
    if kriged is not None:
        return Base(kriged.mean.float(), kriged.residual.float(), kriged.spread.float())
    return Base(level[:, None].expand_as(values), torch.zeros_like(values), torch.ones_like(values))


class Sides(NamedTuple):
    """The nearest other observed cells on both sides of every cell, all (B, L, C); see `HeadInput`."""

    line: Tensor
    before: Tensor
    after: Tensor
    back: Tensor
    ahead: Tensor

    @classmethod
    def unseen(cls, base: Tensor) -> Sides:
        """The sides for a head without context, which does not read them."""
        return cls(base, base, base, base, base)


def sides_of(windows: Windows, default: Tensor) -> Sides:
    """The nearest other observed cells of each cell; `default` (B, L, C) on a side without an observed cell."""
    sides = nearest_observed(windows.values)
    device = default.device
    line, before, after = (tensor(part, device) for part in (sides.line, sides.before, sides.after))
    line, before, after = (torch.where(part.isnan(), default, part) for part in (line, before, after))
    return Sides(line, before, after, tensor(sides.back, device), tensor(sides.ahead, device))


def levels_of(values: Tensor, observed: Tensor) -> Tensor:
    """Means (B, C) of the observed cells of `values` (B, L, C), which are 0 where missing; 0 for empty columns."""
    return values.sum(1) / observed.sum(1).clamp(min=1)
