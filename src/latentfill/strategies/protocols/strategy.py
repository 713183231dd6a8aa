"""The interface of strategies that estimate a series window by window, and the records that go in and out."""

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
from latentfill.windows.training_data import TrainingData
from latentfill.windows.windows import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySpec:
    """What a strategy is built from: settings, sizes and device. It fixes the shape of everything that is learnt."""

    config: Config
    columns: int  # C
    phases: int  # P, clock features per step
    encoder_shape: EncoderShape | None  # None where no strategy needs an encoder
    device: torch.device

    @property
    def required_encoder_shape(self) -> EncoderShape:
        """The shape of the encoder, for strategies that need one."""
        assert self.encoder_shape is not None
        return self.encoder_shape


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrainingInputs:
    """What a strategy is fitted to, and how its training is watched and limited."""

    data: TrainingData
    encoder: Encoder | None  # frozen; None where no strategy needs one
    donor_windows: Windows | None = None  # more windows for the bank, of other splits or another table
    progress: ProgressCallback | None = None
    stage_suffix: str = ""  # added to the stages' names that `progress` is given
    deadline: float | None = None  # on the clock of `time.monotonic`; None: no limit

    @property
    def required_encoder(self) -> Encoder:
        """The encoder, for strategies that need one."""
        assert self.encoder is not None
        return self.encoder


@dataclass(frozen=True, slots=True, eq=False)
class WindowEstimates:
    """What a strategy estimates for N windows, in scaled units."""

    values: FloatArray  # (K, N, L, C), one for each of the strategy's `estimate_names`; NaN where it has no estimate
    spread: FloatArray | None = None  # (N, L, C) expected standard deviation of the first one's error, if it is known


class Strategy(Protocol):
    """A fitted way of estimating the missing cells of windows; it may give several estimates that share the work.

    A strategy inherits from this class and writes `fit`, `unfitted`, `estimate_names`, `modules` and `estimate`;
    the rest has defaults.
    """

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        """A fitted strategy, and how each of its networks was trained, by the network's name.

        Raises `OutOfTimeError` if training would not be done by the deadline.
        """
        ...

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        """One with weights of the right shapes, for the weights of a saved model to be loaded into."""
        ...

    @property
    def estimate_names(self) -> tuple[str, ...]:
        """The names of its estimates, in the order of `WindowEstimates.values`; the last is the strategy's own."""
        ...

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """Everything that was learnt, as torch modules by name: what a saved model stores."""
        ...

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        """Estimates for scaled windows; `encoder` is the one it was fitted with, None where none was needed."""
        ...

    @property
    def bank_size(self) -> int:
        """How many windows its bank holds; 0 without a bank."""
        return 0

    @property
    def diagnostics(self) -> Mapping[str, object]:
        """What the summary reports about this strategy after an estimate, as JSON values."""
        return {}
