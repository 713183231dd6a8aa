"""The denoising decoder as a strategy: it estimates windows from embeddings, nearest windows and observed cells."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Self, cast

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.embeddings.protocols.encoder import Encoder, SeriesEncoder
from latentfill.nn.batches import HidingBatches, Replay, target_tensors
from latentfill.nn.losses import Loss, balanced_huber, masked_mse
from latentfill.nn.progress import History, Stage
from latentfill.nn.runtime import training_precision
from latentfill.nn.tensors import as_tensors
from latentfill.nn.training import Objective, TrainingSchedule, train
from latentfill.strategies.denoise.decoder import Decoder
from latentfill.strategies.denoise.head_input import HeadInput, HeadSize, Sides, base_of, levels_of, sides_of
from latentfill.strategies.kriging.kriged import Kriged
from latentfill.strategies.kriging.kriging import Kriging
from latentfill.strategies.kriging.strategy import KrigingStrategy
from latentfill.strategies.neighbours.votes import Queries
from latentfill.strategies.neighbours.window_bank import COSTLY_STRIDE, WindowBank
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.windows.training_data import HeldOutWindows, TrainingData
from latentfill.windows.windows import Windows

Z_SAMPLE = 1024  # windows, at most, on which mean and spread of z are measured
BATCH = 256  # windows estimated at a time


class Example(NamedTuple):
    """Decoder input for windows with hidden cells, and the true values of the cells to learn from."""

    head_input: HeadInput
    truth: Tensor  # (B, L, C), 0 outside the cells
    cells: Tensor  # (B, L, C) bool: the hidden cells, or all observed ones


class DenoiseStrategy(Strategy):
    """Trains a decoder: hides observed cells, embeds the rest, adds noise to z, decodes, and scores the hidden cells.

    With `loss="mse"` it scores all observed cells by their squared error.

    With context, the decoder corrects kriging's estimate; encoder, kriging and neighbours are fitted before it and not
    changed. Stored embeddings of a window may depend on its hidden cells, from which the decoder would learn to repeat
    what was embedded; it then reads those of the windows around. Without context, it sees only z and the level of the
    window.
    """

    def __init__(self, spec: StrategySpec, kriging: Kriging | None, neighbours: WindowBank | None) -> None:
        """`kriging` is required with context and ignored without context; `neighbours` may be None or empty."""
        config, spec = spec.config, _as_read(spec)
        self.config = config
        self.device = spec.device
        self.kriging = kriging if config.decoder.context == "observed" else None
        usable = self.kriging is not None and neighbours is not None and len(neighbours.keys) > 0
        self.k = config.decoder.neighbours if usable else 0  # nearest windows that the decoder sees
        self.neighbours = neighbours if self.k else None
        size = HeadSize.of(spec, context=self.context, neighbours=self.k > 0)
        self.reads_steps = size.step_dim > 0
        decodes = not self.context or not spec.required_encoder_shape.decodes
        self.net = Decoder(size, config, decodes=decodes).to(self.device)

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        kriging, neighbours, config = None, None, spec.config
        if config.decoder.context == "observed":
            kriging = KrigingStrategy.fit(spec, inputs)[0].kriging
            if config.decoder.neighbours:
                encoder = _as_read_by(inputs.required_encoder, config)
                neighbours = WindowBank.of(inputs.data.windows, encoder, spec.device)
        strategy = cls(spec, kriging, neighbours)
        return strategy, {"decoder": strategy.train_decoder(inputs)}

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        shape = _as_read(spec).required_encoder_shape
        embedding = shape.columns * shape.dim
        neighbours = WindowBank(bank_size, spec.config.windows.length, spec.columns, embedding).to(spec.device)
        return cls(spec, KrigingStrategy.unfitted(spec, 0).kriging, neighbours)

    @property
    def bank_size(self) -> int:
        return len(self.neighbours.keys) if self.neighbours is not None else 0

    @property
    def context(self) -> bool:
        """Whether the decoder sees the observed cells, through kriging's estimate."""
        return self.kriging is not None

    @property
    def estimate_names(self) -> tuple[str, ...]:
        return ("kriging", "denoise") if self.context else ("denoise",)

    @property
    def modules(self) -> dict[str, nn.Module]:
        parts = {"kriging": self.kriging, "neighbours": self.neighbours, "decoder": self.net}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def diagnostics(self) -> dict[str, object]:
        return {"neighbours_looked_at": self.k}

    def train_decoder(self, inputs: TrainingInputs, stage: str = "decoder") -> History:
        """Train the decoder with early stopping on the check windows, then learn its trust from them."""
        data, encoder = inputs.data, _as_read_by(inputs.required_encoder, self.config)
        self._measure(data.windows, encoder)
        batches = self._batches(data, encoder)
        check = self._example(data.check, encoder)

        def loss() -> Loss:
            example = batches.draw()
            with training_precision(self.config, self.device):
                return self._loss(example)

        def error() -> float:
            return float(self._loss(check).mean)

        objective = Objective(loss, error if data.check.any() else None)
        schedule = TrainingSchedule.of(self.config, self.config.decoder.steps, inputs.deadline)
        history = train(self.net, objective, schedule, Stage(stage + inputs.stage_suffix, inputs.progress))
        if self.context and data.check.any():
            self.net.learn_trust(*check)
        return history

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        """Estimates of the decoder, with context preceded by kriging's."""
        assert encoder is not None
        encoder = _as_read_by(encoder, self.config)
        values = np.empty((len(self.estimate_names), *windows.values.shape))
        spread, residual = (np.empty(windows.values.shape) if self.context else None for _ in range(2))
        with torch.inference_mode():
            for first in range(0, len(windows), BATCH):
                part = slice(first, first + BATCH)
                kriged, head_input = self.inputs_for(windows.take(part), encoder)
                if kriged is not None:
                    assert spread is not None
                    assert residual is not None
                    values[0, part], spread[part] = kriged.mean.cpu().numpy(), kriged.spread.cpu().numpy()
                    residual[part] = kriged.residual.cpu().numpy()
                values[-1, part] = self.net(head_input).cpu().numpy()
        return WindowEstimates(values, spread, residual)

    def inputs_for(self, windows: Windows, encoder: Encoder, *, fast: bool = False) -> tuple[Kriged | None, HeadInput]:
        """Kriging's estimate (None without context) and the head's input; `fast` computes in single precision."""
        kriged = self.kriging.estimate(windows, fast=fast) if self.kriging is not None else None
        with torch.no_grad():
            encoded = encoder.encode(windows)
        values, observed, clock = as_tensors(windows, self.device)
        level = levels_of(values, observed)
        base, residual, spread = base_of(kriged, level, values)
        sides = sides_of(windows, base - residual) if self.context else Sides.unseen(base)
        head_input = HeadInput(
            z=encoded.z,
            decoded=encoded.window,
            steps=encoded.steps if self.reads_steps else None,
            level=level,
            usual_level=self.net.clip_level(level),
            base=base,
            residual=residual,
            spread=spread,
            line=sides.line,
            before=sides.before,
            after=sides.after,
            back=sides.back,
            ahead=sides.ahead,
            observed=observed,
            clock=clock,
        )
        return kriged, self._with_neighbours(head_input, values, windows)

    def _with_neighbours(self, head_input: HeadInput, values: Tensor, windows: Windows) -> HeadInput:
        """`head_input` with mean and spread of the nearest windows; where all of these are missing, of the base."""
        if self.neighbours is None:
            return head_input
        queries = Queries(head_input.z, values, head_input.observed, torch.tensor(windows.starts, device=self.device))
        mean, spread = self.neighbours.lookup(queries, self.k)
        unknown = mean.isnan()
        mean, spread = torch.where(unknown, head_input.base, mean), torch.where(unknown, head_input.spread, spread)
        return replace(head_input, neighbour_mean=mean, neighbour_spread=spread)

    def _measure(self, windows: Windows, encoder: Encoder) -> None:
        """Measure mean and spread of the embeddings, and the usual levels, on evenly spaced windows."""
        # costly encoders embed only the windows of the bank, which they must embed anyway
        every = COSTLY_STRIDE if encoder.shape.costly else 1
        sample = windows.take(slice(None, None, every * max(1, len(windows) // (every * Z_SAMPLE))))
        with torch.no_grad():
            self.net.measure(encoder.encode(sample), levels_of(*as_tensors(sample, self.device)[:2]))

    def _batches(self, data: TrainingData, encoder: Encoder) -> Replay[Example]:
        rng = SeedStream.DECODER.generator(self.config.seed)
        batches = HidingBatches(data.windows, data.train, self.config.decoder.batch, rng)
        of_window = data.windows.values[0].size + encoder.shape.columns * encoder.shape.dim

        def prepare() -> Example:
            return self._example(batches.draw(), encoder, training=True)

        return Replay(prepare, rng, numbers=batches.size * of_window, costly=encoder.shape.costly)

    def _example(self, held_out: HeldOutWindows, encoder: Encoder, *, training: bool = False) -> Example:
        """The decoder's input for windows with hidden cells; in training it is less precise."""
        _, head_input = self.inputs_for(held_out.windows, encoder, fast=training)
        targets = held_out.with_observed() if training and self.config.decoder.loss == "mse" else held_out
        return Example(head_input, *target_tensors(targets, self.device))

    def _loss(self, example: Example) -> Loss:
        head_input, estimate = example.head_input, self.net(example.head_input)
        if self.config.decoder.loss == "mse":
            return masked_mse(estimate, example.truth, example.cells)
        return balanced_huber(estimate, example.truth, example.cells, head_input.spread)


def _as_read(spec: StrategySpec) -> StrategySpec:
    """The sizes with the embeddings that the decoder reads: with context, those around a window if they are stored."""
    shape = spec.required_encoder_shape
    reads_around = shape.stored and spec.config.decoder.context == "observed"
    return replace(spec, encoder_shape=shape.around) if reads_around else spec


def _as_read_by(encoder: Encoder, config: Config) -> Encoder:
    """The encoder of the embeddings that the decoder reads; see `_as_read`."""
    if encoder.shape.stored and config.decoder.context == "observed":
        return cast(SeriesEncoder, encoder).around()
    return encoder
