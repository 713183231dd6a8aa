"""The denoising decoder: a head trained with noise on the embedding, and the trust in its correction of the base."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.embeddings.protocols.encoder import Encoded
from latentfill.nn.distributed import of_share
from latentfill.nn.dropout import dropout
from latentfill.strategies.denoise.head_input import HeadInput, HeadSize
from latentfill.strategies.denoise.heads import LEAST_SPREAD_OF_INPUTS, make_head

KNOTS = (0.05, 0.1, 0.2, 0.4, 0.8)  # spreads of the base, in scaled units, at which the trust is learnt
PRIOR_TRUST = 0.2  # strength of the prior that all knots share one trust, relative to the data of a mean knot
GROUPS = 24  # of windows that follow each other, whose gains are compared for the standard error
WITHOUT_Z = 0.5  # share of the training windows of which the head does not see z
USUAL = (0.05, 0.95)  # quantiles of the windows' levels that bound the usual range
UNFAMILIAR = 0.5  # scaled units outside the usual range at which trust is halved


class Decoder(nn.Module):
    """A head trained with noise on z; a trust learnt on held-out windows scales its correction of the base."""

    z_mean: Tensor  # (K, D)
    z_scale: Tensor  # (K, D) standard deviation
    step_mean: Tensor  # (S,)
    step_scale: Tensor  # (S,) standard deviation
    usual: Tensor  # (2, C) lower and upper end of the usual range of levels
    trust: Tensor  # (2, knots) shares of the head's corrections that are kept, by the spread of the base: of that
    # without z, and of what z adds to it

    def __init__(self, size: HeadSize, config: Config, *, decodes: bool) -> None:
        super().__init__()
        self.context = size.context
        self.noise = config.decoder.noise
        self.noise_kind = config.decoder.noise_kind
        self.register_buffer("z_mean", torch.zeros(size.z_columns, size.z_dim))
        self.register_buffer("z_scale", torch.ones(size.z_columns, size.z_dim))
        self.register_buffer("step_mean", torch.zeros(size.step_dim))
        self.register_buffer("step_scale", torch.ones(size.step_dim))
        self.register_buffer("usual", torch.zeros(2, size.columns))
        self.register_buffer("trust", torch.ones(2, len(KNOTS)))
        self.head = make_head(config.decoder.head, size, decodes=decodes)

    def clip_level(self, level: Tensor) -> Tensor:
        """Levels (B, C), clipped to the usual range."""
        return torch.minimum(torch.maximum(level, self.usual[0]), self.usual[1])

    def measure(self, encoded: Encoded, level: Tensor) -> None:
        """Store mean and standard deviation of the embeddings of N windows, and the usual range of levels (N, C)."""
        self.usual.copy_(torch.quantile(level, torch.tensor(USUAL, device=level.device), dim=0))
        self.z_mean.copy_(encoded.z.mean(0))
        self.z_scale.copy_(_scale_of(encoded.z))
        if encoded.steps is not None and len(self.step_mean):
            steps = encoded.steps.flatten(0, 1)
            self.step_mean.copy_(steps.mean(0))
            self.step_scale.copy_(_scale_of(steps))

    def forward(self, head_input: HeadInput) -> Tensor:
        """Estimates (B, L, C) in scaled units; in training mode with noise on z, and in some windows without z."""
        z, steps = self.standardise(head_input.z), head_input.steps
        if steps is not None:
            steps = (steps - self.step_mean) / self.step_scale
        if not self.training:
            return self.decode(replace(head_input, z=z, steps=steps))
        noisy = self._noisy(replace(head_input, z=z, steps=steps))
        if self.context:
            noisy = noisy.without_z(of_share(torch.rand, z[:, 0, 0]) < WITHOUT_Z)
        estimate: Tensor = self.head(noisy)
        return estimate

    def decode(self, head_input: HeadInput) -> Tensor:
        """Estimates (B, L, C) from an input whose z is already standardised."""
        if not self.context:
            estimate: Tensor = self.head(head_input)
            return estimate
        without, by_z = self._corrections(head_input)
        trust = knot_weights(head_input.spread) @ self.trust.T
        kept = trust[..., 0] * without + trust[..., 1] * by_z
        return head_input.base + familiarity(head_input.level - head_input.usual_level)[:, None] * kept

    def _corrections(self, head_input: HeadInput) -> tuple[Tensor, Tensor]:
        """The head's correction of the base without z, and what z adds to it, both (B, L, C)."""
        every = torch.ones(len(head_input.z), dtype=torch.bool, device=head_input.z.device)
        without: Tensor = self.head(head_input.without_z(every))
        return without - head_input.base, self.head(head_input) - without

    def standardise(self, z: Tensor) -> Tensor:
        """z (B, K, D) minus its mean, divided by its standard deviation."""
        return (z - self.z_mean).div_(self.z_scale)

    def learn_trust(self, head_input: HeadInput, truth: Tensor, cells: Tensor) -> None:
        """Fit the trust at each of `KNOTS` to the hidden `cells` (B, L, C) of windows that were not trained on.

        The windows are in the order of time, and may overlap. First the trust in the correction without z is fitted,
        then that in what z adds to it.
        """
        with torch.no_grad():
            corrections = self._corrections(replace(head_input, z=self.standardise(head_input.z)))
        spread = head_input.spread.clamp(min=LEAST_SPREAD_OF_INPUTS)
        knots, group = knot_weights(head_input.spread)[cells].double(), cells.nonzero()[:, 0] * GROUPS // len(cells)
        target = ((truth - head_input.base) / spread)[cells].double()
        for trust, correction in zip(self.trust, corrections, strict=True):
            by_knot = knots * (correction / spread)[cells].double()[:, None]  # (M, knots)
            learnt = least_squares_trust(by_knot, target, group)
            trust.copy_(learnt)
            target = target - by_knot @ learnt

    def _noisy(self, head_input: HeadInput) -> HeadInput:
        """An input with noise on standardised embeddings; the layers that read z add the Gaussian noise to it."""
        z, steps = head_input.z, head_input.steps
        if self.noise_kind == "dropout":
            dropped = None if steps is None else dropout(steps, self.noise)
            return replace(head_input, z=dropout(z, self.noise), steps=dropped)
        noisy = None if steps is None else torch.add(steps, of_share(torch.randn, steps), alpha=self.noise)
        return replace(head_input, z_noise=z.new_full((len(z),), self.noise), steps=noisy)


def _scale_of(vectors: Tensor) -> Tensor:
    """The standard deviation of vectors (N, ...), 1 where they are constant."""
    spread = vectors.std(0, correction=0)
    return torch.where(spread > 1e-6, spread, 1.0)


def least_squares_trust(by_knot: Tensor, target: Tensor, group: Tensor) -> Tensor:
    """Factors (knots,) in [0, 1] with which the corrections `by_knot` (M, knots) come close to the `target` (M,).

    They leave the least squared error, shrunk by what may be chance (James and Stein 1961): with the gain's standard
    error over the groups of windows that `group` (M,) numbers, by the factor 1 - (error / gain)^2, to 0 if the error is
    larger. They are also shrunk towards a common one.
    """
    gains = by_knot * target[:, None]
    by_group = gains.new_zeros(GROUPS, gains.shape[1]).index_add_(0, group, gains)
    gram, moments = by_knot.T @ by_knot, _without_chance(by_group)
    common = (_without_chance(by_group.sum(1)) / gram.sum().clamp(min=1e-9)).clamp(0, 1)
    prior = PRIOR_TRUST * gram.diagonal().mean().clamp(min=1e-9)
    gram.diagonal().add_(prior)
    trust: Tensor = torch.linalg.solve(gram, moments + prior * common).clamp(0, 1)
    return trust


def _without_chance(gains: Tensor) -> Tensor:
    """Sums (...) of the gains (groups, ...) of all groups, shrunk by their squared standard errors; at least 0."""
    total = gains.sum(0)
    return torch.where(total > 0, total - gains.square().sum(0) / total, 0.0).clamp(min=0)


def familiarity(beyond: Tensor) -> Tensor:
    """Factor on the trust by how far a level lies `beyond` the usual range (scaled units): 1 at 0, falling to 0."""
    return 1 / (1 + (beyond / UNFAMILIAR).square())


def knot_weights(spread: Tensor) -> Tensor:
    """Weights (..., knots), summing to one, that interpolate between `KNOTS`, linearly in the log of the spread."""
    knots = spread.new_tensor(KNOTS).log()
    x = spread.clamp(min=LEAST_SPREAD_OF_INPUTS).log()[..., None].clamp(knots[0], knots[-1])
    return (1 - (x - knots).abs() / (knots[1] - knots[0])).clamp(min=0)
