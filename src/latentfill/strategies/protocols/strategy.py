"""The interface of strategies that estimate a series window by window, with the records they take and return."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from latentfill.core.config import Config
from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.encoder import Encoder, EncoderShape
from latentfill.nn.progress import History, ProgressCallback
from latentfill.windows.training_data import TrainingData
from latentfill.windows.windows import Windows

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySpec:
    """Settings and sizes of a strategy, which fix the shapes of everything that it learns."""

    config: Config
    columns: int  # C
    phases: int  # P, clock features per step
    encoder_shape: EncoderShape | None  # None where no strategy needs an encoder

    @property
    def device(self) -> torch.device:
        """The device of the settings, for strategies that use torch; only they import it."""
        from latentfill.nn.runtime import pick_device

        return pick_device(self.config.device)

    @property
    def required_encoder_shape(self) -> EncoderShape:
        """The shape of the encoder, for strategies that need one."""
        assert self.encoder_shape is not None
        return self.encoder_shape


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrainingInputs:
    """The data that a strategy is fitted to, and the callback and deadline of its training."""

    data: TrainingData
    encoder: Encoder | None  # frozen; None where no strategy needs one
    donor_windows: Windows | None = None  # more windows for the bank, of other splits or another table
    progress: ProgressCallback | None = None
    stage_suffix: str = ""  # appended to the stage names that `progress` receives
    deadline: float | None = None  # on the clock of `time.monotonic`; None: no limit

    @property
    def out_of_time(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() > self.deadline

    @property
    def required_encoder(self) -> Encoder:
        """The encoder, for strategies that need one."""
        assert self.encoder is not None
        return self.encoder


@dataclass(frozen=True, slots=True, eq=False)
class WindowEstimates:
    """Estimates of a strategy for N windows, in scaled units."""

    values: FloatArray  # (K, N, L, C), one estimate for each of `estimate_names`; NaN where there is none
    spread: FloatArray | None = None  # (N, L, C) standard deviation of the first estimate's error, if known
    residual: FloatArray | None = None  # (N, L, C) observed value minus its leave-one-out estimate; 0 where missing


class Strategy(Protocol):
    """A strategy that is fitted to windows; it may return several estimates that share computations.

    A subclass implements `fit`, `unfitted`, `estimate_names`, `modules` and `estimate`; the rest has defaults.
    """

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        """Fit the strategy; returns it and the training history of each of its networks, by the network's name.

        Raises `OutOfTimeError` if training would end after the deadline.
        """
        ...

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        """A strategy with untrained weights of the right shapes, into which a saved model is loaded."""
        ...

    @property
    def estimate_names(self) -> tuple[str, ...]:
        """Names of the estimates, in the order of `WindowEstimates.values`; the last is the name of the strategy."""
        ...

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """Torch modules with everything that was learnt, by name; a saved model stores their weights."""
        ...

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        """Estimates for scaled windows; `encoder` is the encoder used in `fit`, or None."""
        ...

    @property
    def bank_size(self) -> int:
        """Number of windows in its bank; 0 without a bank."""
        return 0

    @property
    def diagnostics(self) -> Mapping[str, object]:
        """JSON values that the summary reports about this strategy after an estimate."""
        return {}
