"""The one training loop: warm-up, cosine decay, clipped gradients, averaged weights, early stop."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.nn.runtime import return_free_memory

log = logging.getLogger(__name__)

WARM_UP_STEPS = 100
FINAL_SHARE = 0.02  # of the peak learning rate
WEIGHT_DECAY = 1e-2
CLIP_NORM = 1.0
EMA_DECAY = 0.998  # averages the weights of about the last 500 steps
TRIAL_STEPS = 20  # after which it is known how long training takes
TRIM_EVERY = 50  # steps


class OutOfTimeError(Exception):
    """Training would not be done in the time that is left."""


@dataclass(frozen=True, kw_only=True)
class TrainingSchedule:
    """How long and how fast to train."""

    steps: int  # at most
    learning_rate: float  # peak
    check_every: int  # steps between looks at the held-out error
    patience: int  # looks without improvement before stopping
    deadline: float | None = None  # on the clock of `time.monotonic`

    @classmethod
    def of(cls, config: Config, steps: int, deadline: float | None = None) -> TrainingSchedule:
        """The plan that the settings ask for, with at most `steps` steps."""
        return cls(
            deadline=deadline,
            steps=steps,
            learning_rate=config.learning_rate,
            check_every=config.check_every,
            patience=config.patience,
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a piece of work stands, for whoever shows it."""

    stage: str
    step: int
    steps: int
    loss: float  # smoothed training loss, in squared scaled units
    seconds_left: float  # if it runs to the last step


@dataclass(frozen=True, slots=True)
class History:
    """What a training run did."""

    steps: int
    seconds: float
    held_out: tuple[float, ...]  # held-out error at each look, scaled units
    best: int  # the look whose weights were kept


ProgressCallback = Callable[[Progress], None]


def train(
    module: nn.Module,
    loss_of_batch: Callable[[], Tensor],
    held_out_error: Callable[[], float] | None,
    plan: TrainingSchedule,
    *,
    stage: str,
    progress: ProgressCallback | None = None,
) -> History:
    """Train `module` in place and leave it frozen, in evaluation mode, with its best averaged weights.

    `held_out_error` is looked at every `check_every` steps and at the end, on the averaged weights; without one the
    last weights are kept. If the first `TRIAL_STEPS` say that all of them would not be done by the deadline, an
    `OutOfTimeError` ends it.
    """
    parameters: list[Tensor] = [p for p in module.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=WEIGHT_DECAY)
    average = [p.detach().clone() for p in parameters]
    best_weights, best, looks = [a.clone() for a in average], 0, list[float]()
    began, smooth, step = time.monotonic(), math.nan, 0
    module.train()
    for step in range(1, plan.steps + 1):
        loss = _train_step(parameters, optimiser, loss_of_batch, plan, step)
        smooth = loss if math.isnan(smooth) else 0.98 * smooth + 0.02 * loss
        decay = min(EMA_DECAY, step / (step + 10))
        torch._foreach_lerp_(average, parameters, 1 - decay)
        if held_out_error and (step % plan.check_every == 0 or step == plan.steps):
            looks.append(_error_of(module, parameters, average, held_out_error))
            if looks[-1] <= min(looks):
                best, best_weights = len(looks) - 1, [a.clone() for a in average]
            log.debug("%s step %d: loss %.4f, held out %.4f", stage, step, smooth, looks[-1])
            if len(looks) - 1 - best >= plan.patience:
                break
        left = (time.monotonic() - began) / step * (plan.steps - step)
        if plan.deadline is not None and step == TRIAL_STEPS and time.monotonic() + left > plan.deadline:
            raise OutOfTimeError(stage)
        if step % TRIM_EVERY == 0:
            return_free_memory()
        if progress and step % 10 == 0 and step < plan.steps:
            progress(Progress(stage, step, plan.steps, smooth, left))
    if progress:  # stopped early or not: what was done is all there is
        progress(Progress(stage, step, step, smooth, 0.0))
    _put(parameters, best_weights if held_out_error else average)
    module.eval().requires_grad_(False)
    return History(step, time.monotonic() - began, tuple(looks), best)


def _train_step(
    parameters: list[Tensor],
    optimiser: torch.optim.Optimizer,
    loss_of_batch: Callable[[], Tensor],
    plan: TrainingSchedule,
    step: int,
) -> float:
    for group in optimiser.param_groups:
        group["lr"] = plan.learning_rate * _share_of_peak(step, plan.steps)
    optimiser.zero_grad(set_to_none=True)
    loss = loss_of_batch()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
    optimiser.step()
    return float(loss.detach())


def _share_of_peak(step: int, steps: int) -> float:
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return min(1.0, step / WARM_UP_STEPS) * (FINAL_SHARE + (1 - FINAL_SHARE) * cosine)


def _error_of(module: nn.Module, parameters: list[Tensor], weights: list[Tensor], error: Callable[[], float]) -> float:
    """`error` of the module with other `weights`, its own put back afterwards."""
    own = [p.detach().clone() for p in parameters]
    _put(parameters, weights)
    module.eval()
    with torch.no_grad():
        found = error()
    module.train()
    _put(parameters, own)
    return found


def _put(parameters: list[Tensor], weights: list[Tensor]) -> None:
    with torch.no_grad():
        for parameter, weight in zip(parameters, weights, strict=True):
            parameter.copy_(weight)
