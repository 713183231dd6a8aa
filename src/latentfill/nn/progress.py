"""Records of a training run: its name, its progress while it runs, and its history. They need no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class OutOfTimeError(Exception):
    """Training would end after its deadline."""


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """Progress of one training run."""

    stage: str
    step: int
    steps: int
    loss: float  # smoothed training loss, in squared scaled units
    seconds_left: float  # estimate, without early stopping


ProgressCallback = Callable[[TrainingProgress], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """The name of a training run, and the callback that receives its progress."""

    name: str
    on_progress: ProgressCallback | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The record of a training run."""

    steps: int
    seconds: float
    held_out: tuple[float, ...]  # held-out error at each measurement, scaled units
    best: int  # index of the measurement whose weights were kept
