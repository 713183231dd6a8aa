"""Strategy 3: with the decoder frozen, find the latent whose window agrees with the observed cells."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.config import Config
from latentfill.embeddings.encoder import Encoder
from latentfill.nn.heads import HeadInput
from latentfill.nn.training import History
from latentfill.strategies.base import Estimates, Setting, Training
from latentfill.strategies.denoise import Denoise
from latentfill.windows import Windows

log = logging.getLogger(__name__)

BATCH = 1024  # windows optimised at a time
LOOK_EVERY = 10  # steps between looks at which windows have converged
HISTORY = 10  # steps that L-BFGS remembers


class Latent:
    """z of each window is moved until what is decoded from it agrees with the observed cells; all windows at once.

    The loss of a window is its mean squared error over observed cells plus `latent_pull` times the mean squared
    distance of z from its start, z in standard deviations of the embeddings it was trained on. Of all z on the way,
    and of all tries, the one with the least loss is kept, so a run that diverges does no harm. As in the inversion of
    generative models (Bora et al., "Compressed sensing using generative models", ICML 2017).
    """

    names = ("latent",)
    bank = 0

    def __init__(self, config: Config, decoder: Denoise) -> None:
        self.config = config
        self.decoder = decoder  # without context: from z and the window's level alone
        self.not_converged = 0  # windows of the last estimate
        self.windows = 0

    @classmethod
    def learn(cls, setting: Setting, training: Training) -> tuple[Self, dict[str, History]]:
        made = cls.blank(setting, 0)
        return made, {"latent decoder": made.decoder.fit(training, stage="latent decoder")}

    @classmethod
    def blank(cls, setting: Setting, bank: int) -> Self:
        plain = replace(setting, config=replace(setting.config, context="none", head=setting.config.latent_head))
        return cls(setting.config, Denoise(plain, None, None))

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"decoder": self.decoder.net}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> Estimates:
        assert encoder is not None
        found = np.empty(windows.values.shape)
        self.windows, self.not_converged = len(windows), 0
        for first in range(0, len(windows), BATCH):
            part = windows.take(slice(first, first + BATCH))
            _, given = self.decoder.look(part, encoder)
            values = torch.tensor(np.nan_to_num(part.values), dtype=torch.float32, device=given.z.device)
            z, converged = self._search(given, values)
            self.not_converged += int((~converged).sum())
            with torch.no_grad():
                found[first : first + BATCH] = self._decode(given, z).cpu().numpy()
        if self.not_converged:
            log.info("latent: %d of %d windows had not converged", self.not_converged, self.windows)
        return Estimates(found[None])

    def _search(self, given: HeadInput, values: Tensor) -> tuple[Tensor, Tensor]:
        """The best z (B, K, D), standardised, and whether it had converged (B,)."""
        origin = self.decoder.net.standardise(given.z)
        best, least = origin, torch.full((len(origin),), torch.inf, device=origin.device)
        converged = torch.zeros(len(origin), dtype=torch.bool, device=origin.device)
        generator = torch.Generator().manual_seed(self.config.seed)
        for attempt in range(self.config.latent_restarts):
            start = self._start(origin, attempt, generator)
            z, loss, settled = self._descend(given, values, start)
            better = loss < least
            best = torch.where(better[:, None, None], z, best)
            least, converged = torch.where(better, loss, least), torch.where(better, settled, converged)
        return best, converged

    def _start(self, origin: Tensor, attempt: int, generator: torch.Generator) -> Tensor:
        """Where a try begins; all tries but the first begin somewhere near what was asked for."""
        kind = self.config.latent_start
        start = origin if kind == "encoder" else torch.zeros_like(origin)
        if kind == "random" or attempt:
            start = start + torch.randn(origin.shape, generator=generator).to(origin.device)
        return start

    def _descend(self, given: HeadInput, values: Tensor, start: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best z on the way down from `start`, its loss (B,), and whether it had converged (B,)."""
        z = start.clone().requires_grad_(True)
        settings = self.config
        count = given.observed.sum((1, 2)).clamp(min=1)
        best, least = start.clone(), torch.full((len(z),), torch.inf, device=z.device)
        looked, converged = least.clone(), torch.zeros(len(z), dtype=torch.bool, device=z.device)

        def losses() -> Tensor:
            error = torch.where(given.observed, self._decode(given, z) - values, 0.0).square().sum((1, 2)) / count
            loss = error + settings.latent_pull * (z - start).square().mean((1, 2))
            with torch.no_grad():  # NaN and infinity never get better
                better = loss < least
                least[better], best[better] = loss[better], z[better]
            return torch.where(loss.isfinite(), loss, 0.0)

        step = _stepper(settings, z, losses)
        for _ in range(0, settings.latent_steps, LOOK_EVERY):
            step(LOOK_EVERY)
            converged = ~(least < looked * (1 - settings.latent_tolerance)) & least.isfinite()
            if converged.all():
                break
            looked = least.clone()
        with torch.no_grad():
            losses()
        return best, least, converged

    def _decode(self, given: HeadInput, z: Tensor) -> Tensor:
        return self.decoder.net.decode(replace(given, z=z))


def _stepper(settings: Config, z: Tensor, losses: Callable[[], Tensor]) -> Callable[[int], None]:
    """A function that takes some steps of the optimiser; windows are independent, so their losses are summed."""

    def backward(optimiser: torch.optim.Optimizer) -> Tensor:
        optimiser.zero_grad()
        loss = losses().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        if z.grad is not None:
            z.grad.nan_to_num_(0.0, 0.0, 0.0)
        return loss

    if settings.latent_optimiser == "adam":
        adam = torch.optim.Adam([z], lr=settings.latent_rate)

        def by_adam(steps: int) -> None:
            for _ in range(steps):
                backward(adam)
                adam.step()

        return by_adam
    lbfgs = torch.optim.LBFGS([z], history_size=HISTORY, line_search_fn="strong_wolfe", max_iter=LOOK_EVERY)

    def by_lbfgs(steps: int) -> None:
        lbfgs.step(lambda: float(backward(lbfgs).detach()))  # type: ignore[no-untyped-call]

    return by_lbfgs
