"""The denoising decoder: a head under noise on its embedding, and how far to trust its correction of the base."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.strategies.denoise.head_input import HeadInput, HeadSize
from latentfill.strategies.denoise.heads import LEAST_SPREAD_OF_INPUTS, make_head

KNOTS = (0.05, 0.1, 0.2, 0.4, 0.8)  # spreads of the base, in scaled units, at which the trust is learnt
PRIOR_TRUST = 0.2  # pull of the knots towards one common trust, as a share of the evidence of an average knot
USUAL = (0.05, 0.95)  # quantiles of the windows' levels between which a level is usual
UNFAMILIAR = 0.5  # scaled units outside the usual levels at which trust is halved


class Decoder(nn.Module):
    """A head, trained under noise on z; its correction of the base is shrunk by a trust learnt on held-out windows."""

    z_mean: Tensor  # (K, D)
    z_scale: Tensor  # (K, D) standard deviation
    usual: Tensor  # (2, C) lower and upper end of the windows' usual levels
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

    def forward(self, given: HeadInput) -> Tensor:
        """Estimates (B, L, C) in scaled units; under noise on z while training."""
        z = self.standardise(given.z)
        return self.decode(replace(given, z=self._with_noise(z) if self.training else z))

    def decode(self, given: HeadInput) -> Tensor:
        """Estimates (B, L, C) from a z that is standardised already."""
        estimate: Tensor = self.head(given)
        if not self.context:
            return estimate
        trust = knot_weights(given.spread) @ self.trust
        if not self.training:
            trust = trust * familiarity(given.level - given.usual_level)[:, None]
        return given.base + trust * (estimate - given.base)

    def standardise(self, z: Tensor) -> Tensor:
        """z (B, K, D) from its mean, in units of its standard deviation."""
        return (z - self.z_mean) / self.z_scale

    def learn_trust(self, given: HeadInput, truth: Tensor, cells: Tensor) -> None:
        """Fit the trust at each of `KNOTS` to the hidden `cells` (B, L, C) of windows that were not trained on.

        By least squares, each cell in units of its spread, shrunk towards one common trust and kept within 0 and 1.
        """
        with torch.no_grad():
            added = self.forward(given) - given.base
        spread = given.spread.clamp(min=LEAST_SPREAD_OF_INPUTS)
        by_knot = (knot_weights(given.spread) * (added / spread)[..., None])[cells].double()  # (M, knots)
        needed = ((truth - given.base) / spread)[cells].double()
        gram, moments = by_knot.T @ by_knot, by_knot.T @ needed
        common = (moments.sum() / gram.sum().clamp(min=1e-9)).clamp(0, 1)
        prior = PRIOR_TRUST * gram.diagonal().mean().clamp(min=1e-9)
        gram.diagonal().add_(prior)
        self.trust.copy_(torch.linalg.solve(gram, moments + prior * common).clamp(0, 1))

    def _with_noise(self, z: Tensor) -> Tensor:
        if self.noise_kind == "dropout":
            return nn.functional.dropout(z, self.noise)
        return z + self.noise * torch.randn_like(z)


def familiarity(beyond: Tensor) -> Tensor:
    """Trust in a window whose level lies `beyond` the usual range, in scaled units: 1 inside it, falling to 0."""
    return 1 / (1 + (beyond / UNFAMILIAR).square())


def knot_weights(spread: Tensor) -> Tensor:
    """Weights (..., knots) with sum one, for linear interpolation between `KNOTS` in the logarithm of the spread."""
    knots = spread.new_tensor(KNOTS).log()
    x = spread.clamp(min=LEAST_SPREAD_OF_INPUTS).log()[..., None].clamp(knots[0], knots[-1])
    return (1 - (x - knots).abs() / (knots[1] - knots[0])).clamp(min=0)
