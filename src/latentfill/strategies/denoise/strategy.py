"""Strategy 1: a denoising decoder from the frozen embedding, its neighbours and the observed context to the window."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.embeddings.protocols.encoder import Encoder, as_tensors, tensor
from latentfill.nn.batches import HidingBatches, Replay, target_tensors
from latentfill.nn.losses import balanced_huber
from latentfill.nn.training import History, Objective, Stage, TrainingSchedule, train
from latentfill.strategies.denoise.heads import LEAST_SPREAD_OF_INPUTS, HeadInput, HeadSize, make_head
from latentfill.strategies.kriging.kriging import Kriged, Kriging
from latentfill.strategies.kriging.strategy import KrigingStrategy
from latentfill.strategies.neighbours.window_bank import COSTLY_STRIDE, WindowBank
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.windows.gaps import beside
from latentfill.windows.windows import Windows

Z_SAMPLE = 1024  # windows whose embeddings tell the mean and spread of z
KNOTS = (0.05, 0.1, 0.2, 0.4, 0.8)  # spreads, in scaled units, at which the trust in the decoder is learnt
PRIOR_TRUST = 0.2  # how much the knots are drawn together, as a share of what an average knot has to tell
USUAL = (0.05, 0.95)  # quantiles of the windows' levels
UNFAMILIAR = 0.5  # scaled units beyond what is usual at which the decoder is trusted half as far
BATCH = 256  # windows estimated at a time


class DenoiseStrategy(Strategy):
    """Hide observed cells, embed what is left, add noise to z, decode, and learn from the hidden cells' error.

    With context the decoder corrects what kriging says of the observed cells. Kriging and neighbours are fitted
    beforehand and, like the encoder, stay as they are. Without context it sees z and the window's level alone.
    """

    def __init__(self, spec: StrategySpec, kriging: Kriging | None, neighbours: WindowBank | None) -> None:
        """`kriging` is needed with context and not used without; `neighbours` may be missing."""
        config, encoder = spec.config, spec.required_encoder_shape
        self.config = config
        self.device = spec.device
        self.kriging = kriging if config.context == "observed" else None
        asked = self.kriging is not None and neighbours is not None and len(neighbours.keys) > 0
        self.k = config.neighbours if asked else 0
        self.neighbours = neighbours if self.k else None
        size = HeadSize(
            length=config.length,
            columns=spec.columns,
            phases=spec.phases,
            z_columns=encoder.columns,
            z_dim=encoder.dim,
            context=self.context,
            neighbours=self.k > 0,
            width=config.width,
            blocks=config.blocks,
            kernel=config.kernel,
            dropout=config.dropout,
        )
        self.net = Decoder(size, config, decodes=not encoder.decodes or not self.context).to(self.device)

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        kriging, near, config = None, None, spec.config
        if config.context == "observed":
            kriging = KrigingStrategy.fit(spec, inputs)[0].kriging
            if config.neighbours:
                near = WindowBank.of(inputs.data.windows, inputs.required_encoder, spec.device)
        made = cls(spec, kriging, near)
        return made, {"decoder": made.train_decoder(inputs)}

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        embedding = spec.required_encoder_shape.columns * spec.required_encoder_shape.dim
        near = WindowBank(bank_size, spec.config.length, spec.columns, embedding).to(spec.device)
        return cls(spec, KrigingStrategy.unfitted(spec, 0).kriging, near)

    @property
    def bank_size(self) -> int:
        return len(self.neighbours.keys) if self.neighbours is not None else 0

    @property
    def context(self) -> bool:
        """Whether the decoder sees the observed cells, through what kriging makes of them."""
        return self.kriging is not None

    @property
    def estimate_names(self) -> tuple[str, ...]:
        return ("kriging", "denoise") if self.context else ("denoise",)

    @property
    def modules(self) -> dict[str, nn.Module]:
        parts = {"kriging": self.kriging, "neighbours": self.neighbours, "decoder": self.net}
        return {name: part for name, part in parts.items() if part is not None}

    def train_decoder(self, inputs: TrainingInputs, stage: str = "decoder") -> History:
        """Train the decoder (scaled windows), stop early and learn how far to trust it on the windows to check by.

        The encoder stays as it is.
        """
        data, encoder = inputs.data, inputs.required_encoder
        rng = SeedStream.DECODER.generator(self.config.seed)
        windows, check = data.windows, data.check
        apart = COSTLY_STRIDE if encoder.shape.costly else 1  # windows that a bank of costly ones holds too
        some = windows.take(slice(None, None, apart * max(1, len(windows) // (apart * Z_SAMPLE))))
        with torch.no_grad():
            self.net.measure(encoder.encode(some).z, levels_of(*as_tensors(some, self.device)[:2]))
        batches = HidingBatches(windows, data.train, self.config.decoder_batch, rng)

        def prepare() -> tuple[HeadInput, Tensor, Tensor]:
            batch = batches.draw()
            return self.inputs_for(batch.windows, encoder, fast=True)[1], *target_tensors(batch, self.device)

        replay = Replay(prepare, rng, cells=batches.size * windows.values[0].size, costly=encoder.shape.costly)
        _, seen = self.inputs_for(check.windows, encoder)
        truth, asked = target_tensors(check, self.device)

        def loss() -> Tensor:
            given, target, hidden = replay.draw()
            return balanced_huber(self.net(given), target, hidden, given.spread)

        def error() -> float:
            return float(balanced_huber(self.net(seen), truth, asked, seen.spread))

        objective = Objective(loss, error if check.any() else None)
        schedule = TrainingSchedule.of(self.config, self.config.decoder_steps, inputs.deadline)
        history = train(self.net, objective, schedule, Stage(stage + inputs.stage_suffix, inputs.progress))
        if self.context and check.any():
            self.net.learn_trust(seen, truth, asked)
        return history

    @property
    def diagnostics(self) -> dict[str, object]:
        return {"neighbours_looked_at": self.k}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        """The estimates of kriging, with context, and of the decoder."""
        assert encoder is not None
        found = np.empty((len(self.estimate_names), *windows.values.shape))
        spread = np.empty(windows.values.shape) if self.context else None
        with torch.inference_mode():
            for first in range(0, len(windows), BATCH):
                part = slice(first, first + BATCH)
                kriged, given = self.inputs_for(windows.take(part), encoder)
                if kriged is not None:
                    assert spread is not None
                    found[0, part], spread[part] = kriged.mean.cpu().numpy(), kriged.spread.cpu().numpy()
                found[-1, part] = self.net(given).cpu().numpy()
        return WindowEstimates(found, spread)

    def inputs_for(self, windows: Windows, encoder: Encoder, *, fast: bool = False) -> tuple[Kriged | None, HeadInput]:
        """What kriging says, with context, and everything the head may look at; `fast` in single precision."""
        kriged = self.kriging.estimate(windows, fast=fast) if self.kriging is not None else None
        with torch.no_grad():
            encoded = encoder.encode(windows)
        values, observed, clock = as_tensors(windows, self.device)
        level = levels_of(values, observed)
        base, missed, spread = level[:, None].expand_as(values), torch.zeros_like(values), torch.ones_like(values)
        if kriged is not None:
            base, missed, spread = (part.float() for part in (kriged.mean, kriged.missed, kriged.spread))
        sides = beside(windows.values)
        line, before, after = (
            torch.where(side.isnan(), base - missed, side)
            for side in (tensor(part, self.device) for part in (sides.line, sides.before, sides.after))
        )
        given = HeadInput(
            z=encoded.z,
            coarse=encoded.window,
            level=level,
            standing=self.net.hold(level),
            base=base,
            missed=missed,
            spread=spread,
            line=line,
            before=before,
            after=after,
            back=tensor(sides.back, self.device),
            ahead=tensor(sides.ahead, self.device),
            observed=observed,
            clock=clock,
        )
        if self.neighbours is None:
            return kriged, given
        starts = torch.tensor(windows.starts, device=self.device)
        near, near_spread = self.neighbours.lookup(encoded.z, values, observed, starts, self.k)
        silent = near.isnan()
        near, near_spread = torch.where(silent, base, near), torch.where(silent, spread, near_spread)
        return kriged, replace(given, near=near, near_spread=near_spread)


def levels_of(values: Tensor, observed: Tensor) -> Tensor:
    """Means (B, C) of the observed cells of windows (B, L, C) that are 0 elsewhere; 0 where nothing is observed."""
    return values.sum(1) / observed.sum(1).clamp(min=1)


def familiar(beyond: Tensor) -> Tensor:
    """How far to trust what was learnt in a window whose level lies so far beyond what is usual, scaled units."""
    return 1 / (1 + (beyond / UNFAMILIAR).square())


def hats(spread: Tensor) -> Tensor:
    """Weights (..., knots) with sum one that interpolate between `KNOTS` in the logarithm of the spread."""
    knots = spread.new_tensor(KNOTS).log()
    x = spread.clamp(min=LEAST_SPREAD_OF_INPUTS).log()[..., None].clamp(knots[0], knots[-1])
    return (1 - (x - knots).abs() / (knots[1] - knots[0])).clamp(min=0)


class Decoder(nn.Module):
    """A head, with the noise on z that it is trained under."""

    z_mean: Tensor
    z_scale: Tensor
    usual: Tensor  # (2, C) between which most levels of windows lie
    trust: Tensor  # (knots,) how much of what the head adds to the base is taken

    def __init__(self, size: HeadSize, config: Config, *, decodes: bool) -> None:
        super().__init__()
        self.context = size.context
        self.noise = config.noise
        self.noise_kind = config.noise_kind
        self.register_buffer("z_mean", torch.zeros(size.z_columns, size.z_dim))
        self.register_buffer("z_scale", torch.ones(size.z_columns, size.z_dim))
        self.register_buffer("usual", torch.zeros(2, size.columns))
        self.register_buffer("trust", torch.ones(len(KNOTS)))
        self.head = make_head(config.head, size, decodes=decodes)

    def hold(self, level: Tensor) -> Tensor:
        """Levels (B, C), held to what is usual."""
        return torch.minimum(torch.maximum(level, self.usual[0]), self.usual[1])

    def measure(self, z: Tensor, level: Tensor) -> None:
        """Take mean and spread of embeddings (N, K, D), so that noise is in units of the spread, and usual levels of
        windows, from (N, C)."""
        self.usual.copy_(torch.quantile(level, torch.tensor(USUAL, device=level.device), dim=0))
        self.z_mean.copy_(z.mean(0))
        spread = z.std(0, correction=0)
        self.z_scale.copy_(torch.where(spread > 1e-6, spread, 1.0))

    def forward(self, given: HeadInput) -> Tensor:
        """WindowEstimates (B, L, C) in scaled units; noise on z while training."""
        z = self.standardise(given.z)
        return self.decode(replace(given, z=self._with_noise(z) if self.training else z))

    def decode(self, given: HeadInput) -> Tensor:
        """WindowEstimates (B, L, C) from a z that is already in units of its spread."""
        estimate: Tensor = self.head(given)
        if not self.context:
            return estimate
        trust = hats(given.spread) @ self.trust
        if not self.training:
            trust = trust * familiar(given.level - given.standing)[:, None]
        return given.base + trust * (estimate - given.base)

    def standardise(self, z: Tensor) -> Tensor:
        """z (B, K, D) in units of its spread."""
        return (z - self.z_mean) / self.z_scale

    def learn_trust(self, given: HeadInput, truth: Tensor, cells: Tensor) -> None:
        """By how much to shrink what the head adds to the base, at each of `KNOTS`, from windows it did not learn from.

        The least squares over `cells` (B, L, C), each in units of its spread.
        """
        with torch.no_grad():
            added = self.forward(given) - given.base
        spread = given.spread.clamp(min=LEAST_SPREAD_OF_INPUTS)
        views = (hats(given.spread) * (added / spread)[..., None])[cells].double()  # (M, knots)
        wanted = ((truth - given.base) / spread)[cells].double()
        gram, pull = views.T @ views, views.T @ wanted
        overall = (pull.sum() / gram.sum().clamp(min=1e-9)).clamp(0, 1)
        prior = PRIOR_TRUST * gram.diagonal().mean().clamp(min=1e-9)  # towards the same trust everywhere
        gram.diagonal().add_(prior)
        self.trust.copy_(torch.linalg.solve(gram, pull + prior * overall).clamp(0, 1))

    def _with_noise(self, z: Tensor) -> Tensor:
        if self.noise_kind == "dropout":
            return nn.functional.dropout(z, self.noise)
        return z + self.noise * torch.randn_like(z)
