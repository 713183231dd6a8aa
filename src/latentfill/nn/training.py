"""The training loop of all networks: warm-up, cosine decay, clipped gradients, averaged weights, early stopping."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.core.memory import return_free_memory
from latentfill.nn.distributed import processes
from latentfill.nn.early_stopping import EarlyStopping
from latentfill.nn.flat_weights import FlatWeights
from latentfill.nn.losses import Loss
from latentfill.nn.optimiser import AdamW, clip_norm
from latentfill.nn.progress import History, OutOfTimeError, Stage, TrainingProgress
from latentfill.nn.weight_average import WeightAverage

WARM_UP_STEPS = 100
FINAL_SHARE = 0.02  # final learning rate, as a share of the peak
WEIGHT_DECAY = 1e-2
CLIP_NORM = 1.0
NEWEST_SHARE = 0.02  # weight of the newest step in the smoothed training loss
TRIAL_STEPS = 20  # after which the duration of the whole training can be estimated
TRIM_EVERY = 50  # steps
REPORT_EVERY = 10  # steps


@dataclass(frozen=True, kw_only=True)
class TrainingSchedule:
    """How long and how fast to train."""

    steps: int  # at most
    learning_rate: float  # peak
    check_every: int  # steps between two measurements of the held-out error
    patience: int  # measurements without improvement before training stops
    deadline: float | None = None  # on the clock of `time.monotonic`

    @classmethod
    def of(cls, config: Config, steps: int, deadline: float | None = None) -> TrainingSchedule:
        """The schedule of the settings, with at most `steps` steps."""
        return cls(
            deadline=deadline,
            steps=steps,
            learning_rate=config.training.learning_rate,
            check_every=config.training.check_every,
            patience=config.training.patience,
        )

    def is_check(self, step: int) -> bool:
        """Whether the held-out error is measured after `step`."""
        return step % self.check_every == 0 or step == self.steps

    def share_of_peak(self, step: int) -> float:
        """Learning rate of `step` (from 1 on) over its peak: linear warm-up times cosine decay."""
        cosine = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return min(1.0, step / WARM_UP_STEPS) * (FINAL_SHARE + (1 - FINAL_SHARE) * cosine)


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """What training minimises, and the error that decides when it stops."""

    batch_loss: Callable[[], Loss]  # draws a new batch at every call
    held_out_error: Callable[[], float] | None  # None: no early stopping


def train(module: nn.Module, objective: Objective, schedule: TrainingSchedule, stage: Stage) -> History:
    """Train `module` in place; leave it frozen, in evaluation mode, with its best averaged weights.

    The held-out error is measured with the averaged weights. Without a held-out error, the last averaged weights are
    kept.

    Raises
    ------
    OutOfTimeError
        After `TRIAL_STEPS`, if training at that speed would end after the deadline.
    """
    weights = FlatWeights(module)
    processes().of_first(weights.values)
    optimiser, average = AdamW(weights.values, WEIGHT_DECAY), WeightAverage(weights.values)
    stopping = EarlyStopping(average, objective.held_out_error, schedule.patience)
    pace = _Pace(schedule, stage)
    module.train()
    for step in range(1, schedule.steps + 1):
        pace.add(step, _gradient_of(objective.batch_loss, weights))
        clip_norm(weights.gradient, CLIP_NORM)
        optimiser.step(weights.gradient, schedule.learning_rate * schedule.share_of_peak(step))
        average.update(weights.values)
        if schedule.is_check(step) and stopping.measure(weights):
            break
        pace.report()
    seconds = pace.end()
    weights.values.copy_(stopping.best_weights)
    weights.freeze()
    return History(pace.step, seconds, tuple(stopping.errors), stopping.best)


def _gradient_of(batch_loss: Callable[[], Loss], weights: FlatWeights) -> Tensor:
    """Put the gradient of the loss of a new batch, of all processes, into `weights`; returns the loss of this one."""
    weights.gradient.zero_()
    loss = batch_loss()
    loss.over(processes().sum(loss.weight.clone())).backward()  # type: ignore[no-untyped-call]
    processes().sum(weights.gradient)
    return loss.mean.detach()


class _Pace:
    """Smooths the loss of a run, estimates its remaining time, and reports both."""

    def __init__(self, schedule: TrainingSchedule, stage: Stage) -> None:
        self.schedule, self.stage = schedule, stage
        self.began, self.step, self.loss = time.monotonic(), 0, torch.tensor(math.nan)

    def add(self, step: int, loss: Tensor) -> None:
        """Record a step and its loss, which is read only when it is reported: a GPU need not wait."""
        self.step = step
        self.loss = loss if step == 1 else self.loss.lerp(loss, NEWEST_SHARE)
        if step % TRIM_EVERY == 0:
            return_free_memory()

    def report(self) -> None:
        """Report progress; raises `OutOfTimeError` if the run would end after its deadline."""
        steps, deadline = self.schedule.steps, self.schedule.deadline
        left = (time.monotonic() - self.began) / self.step * (steps - self.step)
        if deadline is not None and self.step == TRIAL_STEPS and time.monotonic() + left > deadline:
            raise OutOfTimeError(self.stage.name)
        if self.step % REPORT_EVERY == 0 and self.step < steps:
            self._notify(steps, left)

    def end(self) -> float:
        """Report the end of the run; returns its duration in seconds."""
        self._notify(self.step, 0.0)
        return time.monotonic() - self.began

    def _notify(self, steps: int, seconds_left: float) -> None:
        if self.stage.on_progress:
            self.stage.on_progress(TrainingProgress(self.stage.name, self.step, steps, float(self.loss), seconds_left))
