"""Latent optimisation: move a window's embedding until the frozen decoder reproduces the observed cells."""

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
from latentfill.nn.progress import History
from latentfill.strategies.denoise.head_input import HeadInput
from latentfill.strategies.denoise.strategy import DenoiseStrategy
from latentfill.strategies.latent.descent import Descent
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.windows.windows import Windows

log = logging.getLogger(__name__)

BATCH = 1024  # windows optimised at a time
CHECK_EVERY = 10  # steps between checks for converged windows


class LatentStrategy(Strategy):
    """Moves the embedding z of each window until the decoded window agrees with the observed cells.

    The loss of a window is its mean squared error over observed cells, plus `latent_pull` times the mean squared
    distance of z from its start, where z is standardised. The z with the least loss over all steps and restarts is
    kept, so a diverging run does no harm. This inverts the decoder as Bora et al. invert generative models
    ("Compressed sensing using generative models", ICML 2017).
    """

    estimate_names = ("latent",)

    def __init__(self, config: Config, decoder: DenoiseStrategy) -> None:
        self.config = config
        self.decoder = decoder  # without context: it sees only z and the window's level
        self.windows = 0  # number of windows in the last estimate
        self.not_converged = 0  # number of these windows that did not converge

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        strategy = cls.unfitted(spec, 0)
        return strategy, {"latent decoder": strategy.decoder.train_decoder(inputs, stage="latent decoder")}

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        config = spec.config.replace(context="none", head=spec.config.latent.head)
        shape = replace(spec.required_encoder_shape, step_dim=0)  # only z is optimised
        without_context = replace(spec, config=config, encoder_shape=shape)
        return cls(spec.config, DenoiseStrategy(without_context, None, None))

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"decoder": self.decoder.net}

    @property
    def diagnostics(self) -> dict[str, object]:
        """Number of windows in the last estimate, and of those that did not converge."""
        return {"windows": self.windows, "not_converged": self.not_converged}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        assert encoder is not None
        estimate = np.empty(windows.values.shape)
        self.windows, self.not_converged = len(windows), 0
        for first in range(0, len(windows), BATCH):
            part = windows.take(slice(first, first + BATCH))
            _, head_input = self.decoder.inputs_for(part, encoder)
            values = torch.tensor(np.nan_to_num(part.values), dtype=torch.float32, device=head_input.z.device)
            z, converged = self._search(head_input, values)
            self.not_converged += int((~converged).sum())
            with torch.no_grad():
                estimate[first : first + BATCH] = self._decode(head_input, z).cpu().numpy()
        if self.not_converged:
            log.info("latent: %d of %d windows did not converge", self.not_converged, self.windows)
        return WindowEstimates(estimate[None])

    def _search(self, head_input: HeadInput, values: Tensor) -> tuple[Tensor, Tensor]:
        """The z (B, K, D) with the least loss, standardised, and whether its run converged (B,)."""
        origin = self.decoder.net.standardise(head_input.z)
        best, least = origin, torch.full((len(origin),), torch.inf, device=origin.device)
        converged = torch.zeros(len(origin), dtype=torch.bool, device=origin.device)
        generator = torch.Generator().manual_seed(SeedStream.LATENT.torch_seed(self.config.seed))
        for restart in range(self.config.latent.restarts):
            start = self._start(origin, restart, generator)
            z, loss, run_converged = self._descend(head_input, values, start)
            better = loss < least
            best = torch.where(better[:, None, None], z, best)
            least, converged = torch.where(better, loss, least), torch.where(better, run_converged, converged)
        return best, converged

    def _start(self, origin: Tensor, restart: int, generator: torch.Generator) -> Tensor:
        """The z (B, K, D) at which a run starts: as set in the settings, in restarts plus standard normal noise."""
        kind = self.config.latent.start
        start = origin if kind == "encoder" else torch.zeros_like(origin)
        if kind == "random" or restart:
            start = start + torch.randn(origin.shape, generator=generator).to(origin.device)
        return start

    def _descend(self, head_input: HeadInput, values: Tensor, start: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The z with the least loss in a run from `start`, that loss (B,), and whether the run converged (B,).

        Converged windows are left out of further steps, to save time.
        """
        settings = self.config
        best, least = start.clone(), torch.full((len(start),), torch.inf, device=start.device)
        active = torch.arange(len(start), device=start.device)
        descent = Descent(settings, start)
        for _ in range(0, settings.latent.steps, CHECK_EVERY):
            part = head_input.take(active)
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

    def _losses(self, head_input: HeadInput, values: Tensor, start: Tensor, z: Tensor) -> Tensor:
        """The loss of each window, (B,)."""
        count = head_input.observed.sum((1, 2)).clamp(min=1)
        error = torch.where(head_input.observed, self._decode(head_input, z) - values, 0.0).square().sum((1, 2)) / count
        return error + self.config.latent.pull * (z - start).square().mean((1, 2))

    def _decode(self, head_input: HeadInput, z: Tensor) -> Tensor:
        return self.decoder.net.decode(replace(head_input, z=z))
