"""What every strategy that works on windows looks like to those who fit, judge and save it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import nn

from latentfill.core.config import Config
from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.encoder import Encoder, EncoderShape
from latentfill.nn.training import History, ProgressCallback
from latentfill.windows.windows import TrainingData, Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySpec:
    """What fixes a strategy's layers, beside its bank."""

    config: Config
    columns: int  # C
    phases: int  # P
    encoder: EncoderShape | None  # None where no strategy needs an encoder
    device: torch.device

    @property
    def shape(self) -> EncoderShape:
        """That of the encoder, for strategies that need one."""
        assert self.encoder is not None
        return self.encoder


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """What a strategy learns from, and who is told of it."""

    training_data: TrainingData
    encoder: Encoder | None
    progress: ProgressCallback | None = None
    suffix: str = ""  # of the stages' names
    deadline: float | None = None  # on the clock of `time.monotonic`
    bank: Windows | None = (
        None  # more neighbours: of other splits, or of another series, with starts far beyond its own
    )

    @property
    def embed(self) -> Encoder:
        """The encoder, for strategies that need one."""
        assert self.encoder is not None
        return self.encoder


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What a strategy says of N windows, scaled units."""

    values: FloatArray  # (K, N, L, C), one for each of its names; NaN where it has nothing to say
    spread: FloatArray | None = None  # (N, L, C) standard deviation to expect of the first one's error, if it can tell


class Strategy(Protocol):
    """A fitted way of estimating the missing cells of windows, or several that share the work."""

    @classmethod
    def learn(cls, setting: StrategySpec, training: Training) -> tuple[Self, dict[str, History]]:
        """Fit; also says how each part was trained. An `OutOfTimeError` if that would not be done by the deadline."""
        ...

    @classmethod
    def blank(cls, setting: StrategySpec, bank: int) -> Self:
        """One that has learnt nothing, with a bank of that size, for weights to be put into."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """What its estimates are called, in their order."""
        ...

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """All that was learnt, by part."""
        ...

    @property
    def bank(self) -> int:
        """How many windows its bank holds."""
        ...

    @property
    def about(self) -> Mapping[str, object]:
        """What a user should know of how it went, JSON values."""
        ...

    def estimate(self, windows: Windows, encoder: Encoder | None) -> Estimates:
        """Estimates of scaled windows; `encoder` is the one it was fitted with, None where none was needed."""
        ...
