"""The denoising decoder: a head trained with noise on the embedding, and the trust in its correction of the base."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.strategies.denoise.head_input import HeadInput, HeadSize
from latentfill.strategies.denoise.heads import LEAST_SPREAD_OF_INPUTS, make_head

KNOTS = (0.05, 0.1, 0.2, 0.4, 0.8)  # spreads of the base, in scaled units, at which the trust is learnt
PRIOR_TRUST = 0.2  # strength of the prior that all knots share one trust, relative to the data of a mean knot
USUAL = (0.05, 0.95)  # quantiles of the windows' levels that bound the usual range
UNFAMILIAR = 0.5  # scaled units outside the usual range at which trust is halved


class Decoder(nn.Module):
    """A head trained with noise on z; a trust learnt on held-out windows scales its correction of the base."""

    z_mean: Tensor  # (K, D)
    z_scale: Tensor  # (K, D) standard deviation
    usual: Tensor  # (2, C) lower and upper end of the usual range of levels
    trust: Tensor  # (knots,) share of the head's correction that is kept, by the spread of the base

    def __init__(self, size: HeadSize, config: Config, *, decodes: bool) -> None:
        super().__init__()
        self.context = size.context
        self.noise = config.decoder.noise
        self.noise_kind = config.decoder.noise_kind
        self.register_buffer("z_mean", torch.zeros(size.z_columns, size.z_dim))
        self.register_buffer("z_scale", torch.ones(size.z_columns, size.z_dim))
        self.register_buffer("usual", torch.zeros(2, size.columns))
        self.register_buffer("trust", torch.ones(len(KNOTS)))
        self.head = make_head(config.decoder.head, size, decodes=decodes)

    def clip_level(self, level: Tensor) -> Tensor:
        """Levels (B, C), clipped to the usual range."""
        return torch.minimum(torch.maximum(level, self.usual[0]), self.usual[1])

    def measure(self, z: Tensor, level: Tensor) -> None:
        """Store mean and standard deviation of embeddings (N, K, D), and the usual range of levels (N, C)."""
        self.usual.copy_(torch.quantile(level, torch.tensor(USUAL, device=level.device), dim=0))
        self.z_mean.copy_(z.mean(0))
        spread = z.std(0, correction=0)
        self.z_scale.copy_(torch.where(spread > 1e-6, spread, 1.0))

    def forward(self, head_input: HeadInput) -> Tensor:
        """Estimates (B, L, C) in scaled units; in training mode with noise on z."""
        z = self.standardise(head_input.z)
        return self.decode(replace(head_input, z=self._with_noise(z) if self.training else z))

    def decode(self, head_input: HeadInput) -> Tensor:
        """Estimates (B, L, C) from an input whose z is already standardised."""
        estimate: Tensor = self.head(head_input)
        if not self.context:
            return estimate
        trust = knot_weights(head_input.spread) @ self.trust
        if not self.training:
            trust = trust * familiarity(head_input.level - head_input.usual_level)[:, None]
        return head_input.base + trust * (estimate - head_input.base)

    def standardise(self, z: Tensor) -> Tensor:
        """z (B, K, D) minus its mean, divided by its standard deviation."""
        return (z - self.z_mean) / self.z_scale

    def learn_trust(self, head_input: HeadInput, truth: Tensor, cells: Tensor) -> None:
        """Fit the trust at each of `KNOTS` to the hidden `cells` (B, L, C) of windows that were not trained on.

        This is a least squares fit, with each cell in units of its spread, shrunk towards one common trust and clipped
        to [0, 1].
        """
        with torch.no_grad():
            correction = self.forward(head_input) - head_input.base
        spread = head_input.spread.clamp(min=LEAST_SPREAD_OF_INPUTS)
        by_knot = (knot_weights(head_input.spread) * (correction / spread)[..., None])[cells].double()  # (M, knots)
        target = ((truth - head_input.base) / spread)[cells].double()
        gram, moments = by_knot.T @ by_knot, by_knot.T @ target
        common = (moments.sum() / gram.sum().clamp(min=1e-9)).clamp(0, 1)
        prior = PRIOR_TRUST * gram.diagonal().mean().clamp(min=1e-9)
        gram.diagonal().add_(prior)
        self.trust.copy_(torch.linalg.solve(gram, moments + prior * common).clamp(0, 1))

    def _with_noise(self, z: Tensor) -> Tensor:
        if self.noise_kind == "dropout":
            return nn.functional.dropout(z, self.noise)
        return z + self.noise * torch.randn_like(z)


def familiarity(beyond: Tensor) -> Tensor:
    """Factor on the trust by how far a level lies `beyond` the usual range (scaled units): 1 at 0, falling to 0."""
    return 1 / (1 + (beyond / UNFAMILIAR).square())


def knot_weights(spread: Tensor) -> Tensor:
    """Weights (..., knots), summing to one, that interpolate between `KNOTS`, linearly in the log of the spread."""
    knots = spread.new_tensor(KNOTS).log()
    x = spread.clamp(min=LEAST_SPREAD_OF_INPUTS).log()[..., None].clamp(knots[0], knots[-1])
    return (1 - (x - knots).abs() / (knots[1] - knots[0])).clamp(min=0)
