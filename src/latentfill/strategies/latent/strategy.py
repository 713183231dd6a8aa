"""Latent optimisation: with the decoder frozen, move a window's embedding until its observed cells are reproduced."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.nn.training import History
from latentfill.strategies.denoise.head_input import HeadInput
from latentfill.strategies.denoise.strategy import DenoiseStrategy
from latentfill.strategies.latent.descent import Descent
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.windows.windows import Windows

log = logging.getLogger(__name__)

BATCH = 1024  # windows optimised at a time
CHECK_EVERY = 10  # steps between checks of which windows have converged


class LatentStrategy(Strategy):
    """Moves the embedding z of each window until the decoded window agrees with the observed cells.

    The loss of a window is its mean squared error over observed cells, plus `latent_pull` times the mean squared
    distance of z from where it started, z in standard deviations of the embeddings. Of all z on the way, and of all
    restarts, the one with the least loss is kept, so a diverging run does no harm. As in the inversion of generative
    models (Bora et al., "Compressed sensing using generative models", ICML 2017).
    """

    estimate_names = ("latent",)

    def __init__(self, config: Config, decoder: DenoiseStrategy) -> None:
        self.config = config
        self.decoder = decoder  # without context: it decodes z and the window's level alone
        self.windows = 0  # of the last estimate
        self.not_converged = 0  # how many of them

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        strategy = cls.unfitted(spec, 0)
        return strategy, {"latent decoder": strategy.decoder.train_decoder(inputs, stage="latent decoder")}

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        without_context = replace(spec, config=spec.config.replace(context="none", head=spec.config.latent.head))
        return cls(spec.config, DenoiseStrategy(without_context, None, None))

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"decoder": self.decoder.net}

    @property
    def diagnostics(self) -> dict[str, object]:
        """How many windows the last estimate took, and how many of them had not converged."""
        return {"windows": self.windows, "not_converged": self.not_converged}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        assert encoder is not None
        estimate = np.empty(windows.values.shape)
        self.windows, self.not_converged = len(windows), 0
        for first in range(0, len(windows), BATCH):
            part = windows.take(slice(first, first + BATCH))
            _, given = self.decoder.inputs_for(part, encoder)
            values = torch.tensor(np.nan_to_num(part.values), dtype=torch.float32, device=given.z.device)
            z, converged = self._search(given, values)
            self.not_converged += int((~converged).sum())
            with torch.no_grad():
                estimate[first : first + BATCH] = self._decode(given, z).cpu().numpy()
        if self.not_converged:
            log.info("latent: %d of %d windows had not converged", self.not_converged, self.windows)
        return WindowEstimates(estimate[None])

    def _search(self, given: HeadInput, values: Tensor) -> tuple[Tensor, Tensor]:
        """The z (B, K, D) with the least loss, standardised, and whether its run converged (B,)."""
        origin = self.decoder.net.standardise(given.z)
        best, least = origin, torch.full((len(origin),), torch.inf, device=origin.device)
        converged = torch.zeros(len(origin), dtype=torch.bool, device=origin.device)
        generator = torch.Generator().manual_seed(SeedStream.LATENT.torch_seed(self.config.seed))
        for restart in range(self.config.latent.restarts):
            start = self._start(origin, restart, generator)
            z, loss, run_converged = self._descend(given, values, start)
            better = loss < least
            best = torch.where(better[:, None, None], z, best)
            least, converged = torch.where(better, loss, least), torch.where(better, run_converged, converged)
        return best, converged

    def _start(self, origin: Tensor, restart: int, generator: torch.Generator) -> Tensor:
        """Where a run begins; all runs but the first begin at a random point around the start asked for."""
        kind = self.config.latent.start
        start = origin if kind == "encoder" else torch.zeros_like(origin)
        if kind == "random" or restart:
            start = start + torch.randn(origin.shape, generator=generator).to(origin.device)
        return start

    def _descend(self, given: HeadInput, values: Tensor, start: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The z with the least loss on the way down from `start`, its loss (B,), and whether the run converged (B,).

        Windows that have converged are left out of further steps, which then take less time.
        """
        settings = self.config
        best, least = start.clone(), torch.full((len(start),), torch.inf, device=start.device)
        active = torch.arange(len(start), device=start.device)
        descent = Descent(settings, start)
        for _ in range(0, settings.latent.steps, CHECK_EVERY):
            part = given.take(active)
            losses = partial(self._losses, part, values[active], start[active])
            z, loss = descent.run(losses, CHECK_EVERY)
            gained = loss < least[active] * (1 - settings.latent.tolerance)
            better = loss < least[active]
            best[active[better]], least[active[better]] = z[better], loss[better]
            active = active[gained]
            if not len(active):
                break
            descent.keep(gained)
        converged = least.isfinite()
        converged[active] = False
        return best, least, converged

    def _losses(self, given: HeadInput, values: Tensor, start: Tensor, z: Tensor) -> Tensor:
        """The loss of each window, (B,)."""
        count = given.observed.sum((1, 2)).clamp(min=1)
        error = torch.where(given.observed, self._decode(given, z) - values, 0.0).square().sum((1, 2)) / count
        return error + self.config.latent.pull * (z - start).square().mean((1, 2))

    def _decode(self, given: HeadInput, z: Tensor) -> Tensor:
        return self.decoder.net.decode(replace(given, z=z))
